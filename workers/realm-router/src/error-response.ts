import { errorBody, fail, type ErrorCode } from '@control-plane/contract/errors';

/** An answer of the router's own in the API's error envelope. */
export function errorResponse(code: ErrorCode, message: string): Response {
  const body = errorBody(fail(code, message).error);
  return Response.json(body, { status: body.statusCode });
}
