import { BlockList, isIP } from 'node:net';

/** Of networks that are not the internet: this machine, company networks, carriers. */
const inner = new BlockList();
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
] as const)
  inner.addSubnet(net, bits);
inner.addAddress('::1', 'ipv6');
inner.addSubnet('fc00::', 7, 'ipv6');

/** Of no service that anybody names: link-local ones, with the metadata of clouds, "no address", groups, and those that hide another. */
const odd = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 3],
] as const)
  odd.addSubnet(net, bits);
for (const [net, bits] of [
  ['::', 128],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  odd.addSubnet(net, bits, 'ipv6');
// In Alibaba's and AWS's networks these lead to the metadata too.
inner.addAddress('fd00:ec2::254', 'ipv6');
odd.addAddress('fd00:ec2::254', 'ipv6');
odd.addAddress('100.100.100.200');

/** What kind of address this is: `odd` ones are reached only where they themselves are listed. */
export function kindOfAddress(address: string): 'public' | 'private' | 'odd' {
  const plain = address.replace(/%.*$/, '');
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
  if (odd.check(plain, family)) return 'odd';
  return inner.check(plain, family) ? 'private' : 'public';
}
