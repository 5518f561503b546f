import { expect, it } from 'vitest';
import { resultUri } from './oauth-result.ts';

const APP = 'https://app.example.test/callback?a=b';

it.each([
  [{ intent: 'ab' }, null, `${APP}#intent=ab`],
  [{ '2fa': 'cd' }, null, `${APP}#2fa=cd`],
  [{ error: 'access_denied' }, 'id', `${APP}#error=access_denied&state_id=id`],
])('a result %j stands in the fragment', (result, stateId, uri) => {
  expect(resultUri(APP, result, stateId)).toBe(uri);
});

it('a result can add no second one', () => {
  expect(resultUri(APP, { error: 'x&intent=stolen#' }, null)).toBe(`${APP}#error=x%26intent%3Dstolen%23`);
});
