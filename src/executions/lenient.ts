import { Client, type ClientOptions } from '@temporalio/client';
import type { Payload, PayloadCodec, PayloadConverter } from '@temporalio/common';

/**
 * The same client, for lists: what it cannot read of a memo (somebody has encrypted it with a key that this process does not have) is
 * missing, where the SDK would fail the whole list.
 */
export function listsClient({ connection, options }: Client): Client {
  const { namespace, identity, loadedDataConverter } = options;
  const { payloadConverter, payloadCodecs } = loadedDataConverter;
  const dataConverter = {
    ...loadedDataConverter,
    payloadConverter: lenientConverter(payloadConverter),
    payloadCodecs: payloadCodecs.map(lenientCodec),
  };
  // A converter that was loaded is taken as it is; the type does not say so.
  return new Client({ connection, namespace, identity, dataConverter } as unknown as ClientOptions);
}

function lenientConverter(converter: PayloadConverter): PayloadConverter {
  return {
    toPayload: (value) => converter.toPayload(value),
    fromPayload: <T>(payload: Payload) => {
      try {
        return converter.fromPayload<T>(payload);
      } catch {
        return undefined as T;
      }
    },
  };
}

function lenientCodec(codec: PayloadCodec): PayloadCodec {
  const decode = async (payload: Payload) => {
    const [read] = await codec.decode([payload]).catch(() => []);
    return read ?? payload;
  };
  return {
    encode: (payloads) => codec.encode(payloads),
    decode: (payloads) => Promise.all(payloads.map(decode)),
  };
}
