/** A request to a port of this machine's own Rolegate: with TLS, it accepts exactly the certificate that the port is configured with. */
import { request as overHttp } from 'node:http';
import { request as overTls } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { factsOf } from '../tls/certificate-names.ts';

const maxBytes = 64 * 1024;

/**
 * `certificate`: as PEM, whatever names it has; null: one that Node or the system trusts, for the host of the URL. Rejects without a whole
 * response in time, and for a redirect.
 */
export async function getOwnPort(
  url: string,
  certificate: string | null,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly body: string }> {
  const only = certificate === null ? {} : onlyThis(certificate);
  const options = { agent: false, signal: AbortSignal.timeout(timeoutMs), ...only };
  return await new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? overTls(url, options) : overHttp(url, options);
    request.once('error', reject);
    request.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
        if (body.length > maxBytes) response.destroy(new Error('too long'));
      });
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode: status = 0 } = response;
        if (status >= 300 && status < 400) reject(new Error('a redirect'));
        else resolve({ status, body });
      });
    });
    request.end();
  });
}

function onlyThis(certificate: string): ConnectionOptions {
  const [name] = factsOf({ cert: certificate }).names;
  return {
    ca: certificate,
    allowPartialTrustChain: true,
    checkServerIdentity: () => undefined,
    // By which the port selects it.
    ...(name === undefined ? {} : { servername: name.replace('*', 'rolegate') }),
  };
}
