import { handleRequest } from './app.ts';
import type { Env } from './env.ts';

/** The only public worker. */
export default {
  fetch: handleRequest,
} satisfies ExportedHandler<Env>;
