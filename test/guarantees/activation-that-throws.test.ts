import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { interceptors } from '../../src/workflows/fail-after-activation.js';

type Internals = NonNullable<ReturnType<typeof interceptors>['internals']>[number];
type Activate = Required<Internals>['activate'];
type Conclude = Required<Internals>['concludeActivation'];

const activation = { activation: {}, batchIndex: 0 } as unknown as Parameters<Activate>[0];
const commands: Parameters<Conclude>[0] = { commands: [] };
const unreadable = () => {
  throw new Error('Unknown encoding: binary/encrypted');
};

function internals(): Required<Pick<Internals, 'activate' | 'concludeActivation'>> {
  const [one] = interceptors().internals ?? [];
  return one as ReturnType<typeof internals>;
}

describe('an activation that throws halfway, such as at a signal that cannot be decoded', () => {
  it('fails its task when it is over, and does nothing more', () => {
    const { activate, concludeActivation } = internals();
    let reached = 0;
    activate(activation, unreadable);
    activate(activation, () => reached++);
    expect(() => concludeActivation(commands, (input) => input)).toThrow('Unknown encoding');
    expect(reached).toBe(0);
  });

  it('leaves nothing to the next call into the context that all workflows of a thread share', () => {
    const { activate } = internals();
    const ran: string[] = [];
    const shared = { current: 'nobody', ran, activate, activation, unreadable };
    const context = createContext(shared, { microtaskMode: 'afterEvaluate' });
    const call = (workflow: string, code: string) => {
      shared.current = workflow;
      runInContext(code, context);
    };
    const halfway = 'Promise.resolve().then(() => ran.push(current)); unreadable()';
    call('the first', `activate(activation, () => { ${halfway} })`);
    call('another', '0');
    // So it would be without: what the first has set going runs as the other.
    expect(() => call('the first', halfway)).toThrow('Unknown encoding');
    call('another', '0');
    expect(ran).toEqual(['the first', 'another']);
  });

  it('one that does not throw is concluded as it is', () => {
    const { activate, concludeActivation } = internals();
    activate(activation, () => undefined);
    expect(concludeActivation(commands, (input) => input)).toBe(commands);
  });
});
