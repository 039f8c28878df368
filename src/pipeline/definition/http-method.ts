export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
/** How a step asks: a method of HTTP. */
export type HttpMethod = (typeof HTTP_METHODS)[number];

/** Whether a request changes nothing more when it comes a second time. */
export function isRepeatable(method: HttpMethod): boolean {
  return method !== 'POST' && method !== 'PATCH';
}

/** Whether a request may have a body. */
export function takesBody(method: HttpMethod): boolean {
  return method !== 'GET' && method !== 'HEAD';
}
