import {
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Parameters<Interceptor>[1]>;

/** gRPC's number. */
const CANCELLED = 1;

/**
 * gRPC throws where a call is made on a closed connection. The SDK's retries make one from a timer, and an error that comes out of a timer
 * ends the process.
 */
const cancelledWhereClosed: Interceptor = (options, nextCall) => {
  try {
    return nextCall(options) as ReturnType<Interceptor>;
  } catch (error) {
    return cancelled(error instanceof Error ? error.message : `${error}`) as ReturnType<Interceptor>;
  }
};

/** The SDK's retries of failed calls, whose last word is "cancelled" when the connection was closed in between. */
export const RETRIES: Interceptor[] = [
  makeGrpcRetryInterceptor(defaultGrpcRetryOptions()),
  cancelledWhereClosed,
];

/** A call that never reaches anybody. */
function cancelled(details: string): Call {
  const nothing = () => undefined;
  return {
    start(metadata, listener) {
      process.nextTick(() => {
        listener?.onReceiveMessage?.(null);
        listener?.onReceiveStatus?.({ code: CANCELLED, details, metadata });
      });
    },
    getPeer: () => '',
    getAuthContext: () => null,
    ...{ cancelWithStatus: nothing, sendMessageWithContext: nothing, sendMessage: nothing },
    ...{ startRead: nothing, halfClose: nothing },
  };
}
