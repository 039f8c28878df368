import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';

/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

/** What a question about a workflow comes to that is not there: null. Throws any other error. */
export function absent(error: unknown): null {
  if (error instanceof WorkflowNotFoundError || (isGrpcServiceError(error) && error.code === NOT_FOUND))
    return null;
  throw error;
}
