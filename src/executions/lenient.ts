import type { Client, ScheduleClient, WorkflowClient } from '@temporalio/client';
import type { LoadedDataConverter, Payload, PayloadCodec, PayloadConverter } from '@temporalio/common';
import { converterOf, sameClient } from './same-client.js';

/**
 * The same client, for lists: what it cannot read of a memo (somebody has encrypted it with a key that this process does not have) is
 * missing, where the SDK would fail the whole list.
 */
export function lenient<C extends Client | ScheduleClient | WorkflowClient>(client: C): C {
  return sameClient(client, { dataConverter: lenientConverter(converterOf(client)) });
}

function lenientConverter(converter: LoadedDataConverter): LoadedDataConverter {
  const { payloadConverter, payloadCodecs } = converter;
  return {
    ...converter,
    payloadConverter: lenientPayloads(payloadConverter),
    payloadCodecs: payloadCodecs.map(lenientCodec),
  };
}

function lenientPayloads(converter: PayloadConverter): PayloadConverter {
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
