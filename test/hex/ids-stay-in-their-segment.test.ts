import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathSegment } from '../../src/hex/ids.js';
import { answer, hexErrorOf, scriptedHex, TOKEN } from '../support/scripted-hex.js';

const BAD = [
  '',
  ' ',
  '.',
  '..',
  '../users/me',
  'a/b',
  'a\\b',
  'a%2fb',
  '%2e%2e',
  'a b',
  'a?b=1',
  'a#b',
  'a\nb',
  'é',
  'a;b',
  'a'.repeat(129),
  undefined as unknown as string,
  null as unknown as string,
  { toString: () => 'p1' } as unknown as string,
];

describe('an id is one safe path segment, or nothing is sent', () => {
  for (const id of BAD)
    it(`refuses ${JSON.stringify(id)?.slice(0, 40)}`, async () => {
      const hex = await scriptedHex(answer(200, {}));
      const client = hex.client();
      const calls = [
        client.getProject(id),
        client.runProject(id, {}),
        client.getRunStatus(id, 'r1'),
        client.getRunStatus('p1', id),
        client.listProjectRuns(id),
        client.cancelRun('p1', id),
      ];
      for (const call of calls) {
        const error = await hexErrorOf(call);
        expect(error).toMatchObject({ kind: 'HexInvalidRequest', requestSent: 'no', outcome: 'not-done' });
        expect(error.message).toMatch(/is not the id of a (project|run)/);
      }
      expect(hex.seen).toHaveLength(0);
    });

  for (const id of ['5a8591dd-4039-49df-9202-96385ba3eff8', 'extract-project-id', 'A_1', 'x'.repeat(128)])
    it(`takes ${id.slice(0, 40)}`, () => expect(pathSegment('project', id)).toBe(id));

  it('does not show a token that was given for an id', () => {
    expect(() => pathSegment('project', ` ${TOKEN}`)).toThrow('[token]');
    expect(() => pathSegment('project', ` ${TOKEN}`)).not.toThrow('5ec7e7');
  });

  it('whatever gets through cannot leave its place in the URL', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (id) => {
        let segment: string;
        try {
          segment = pathSegment('run', id);
        } catch {
          return;
        }
        const url = new URL(`https://hex/api/v1/projects/p/runs/${segment}`);
        expect(url.pathname).toBe(`/api/v1/projects/p/runs/${id}`);
        expect(url.search + url.hash).toBe('');
      }),
      { numRuns: 2_000 },
    );
  });
});
