/** What an error of the Auth API's client tells the log. */
import { expect, test } from 'vitest';
import { createAuthApiClient } from '../../../src/sign-in/account/auth-api-client.ts';
import { freePort } from '../../support/free-port.ts';

test('an error has the path without its query, which may contain an address', async () => {
  const client = createAuthApiClient({ urls: [`http://127.0.0.1:${await freePort()}`], gatewaySecret: null });
  const called = client.call({ method: 'GET', path: '/admin/users?search=ann%40example.test', bearer: 'bearer' });
  await expect(called).rejects.toThrow(/^GET \/admin\/users: connection, ECONNREFUSED$/);
  await client.close();
});
