import type { LoadedDataConverter, Payload } from '@temporalio/common';
import type { JsonValue } from '../base/json.js';

/** Reads a payload of Temporal's as the client does, codec included. */
export type Decode = (payloads: readonly Payload[] | null | undefined) => Promise<JsonValue[]>;

/** Decodes payloads as the client does, its codecs (such as encryption) included. */
export function decoderOf({ options }: { options: { loadedDataConverter: LoadedDataConverter } }): Decode {
  const { payloadConverter, payloadCodecs } = options.loadedDataConverter;
  return async (given) => {
    let payloads = [...(given ?? [])];
    for (const codec of [...payloadCodecs].reverse()) payloads = await codec.decode(payloads);
    return payloads.map((payload) => payloadConverter.fromPayload<JsonValue>(payload));
  };
}
