/** A service that verifies signed identities with `rolegate/verify`, and a gateway's public keys. */
export const verifyingService = `import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { createIdentityVerifier, type Verification } from 'rolegate/verify';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'EdDSA', use: 'sig' }];
const server = createServer((_, response) => response.end(JSON.stringify({ keys }))).listen(0, '127.0.0.1');
await new Promise((listening) => server.once('listening', listening));
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('no port');

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const iat = Math.floor(Date.now() / 1000);
const claims = { iss: 'https://gate', aud: 'orders', sub: 'ann', idp: 'authApi', roles: ['user'], groups: [], iat, exp: iat + 30 };
const text = \`\${encoded({ alg: 'EdDSA', kid: 'k' })}.\${encoded(claims)}\`;
const token = \`\${text}.\${sign(null, Buffer.from(text), privateKey).toString('base64url')}\`;

const verify = createIdentityVerifier({
  jwksUrl: \`http://127.0.0.1:\${address.port}/\`,
  issuer: 'https://gate',
  audience: 'orders',
});
for (const header of [token, token.slice(0, -8), undefined]) {
  const { identity, reason }: Verification = await verify(header);
  console.log(identity === null ? reason : \`\${identity.userId} \${identity.roles.join()}\`);
}
server.close();
server.closeAllConnections();
`;
