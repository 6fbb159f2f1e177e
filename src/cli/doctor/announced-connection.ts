/** A connection that begins with a header of the PROXY protocol, for one request of the checks. */
import type { RequestOptions } from 'node:http';
import type { ClientTlsConfig } from '../../config/config.ts';
import { openSocket } from '../../http1/client/open-socket.ts';
import { tlsOptions } from '../../http1/client/tls-options.ts';
import type { HeaderVersion } from '../../proxy-protocol/write-header.ts';
import { announcing } from '../../upstream/announce.ts';

/** For `http.request`. */
export function announcedConnection(
  url: URL,
  tls: ClientTlsConfig | null,
  version: HeaderVersion,
  timeoutMs: number,
): Required<Pick<RequestOptions, 'createConnection'>> {
  const announce = announcing(version)!;
  return {
    createConnection(_, created) {
      const options = {
        connectTimeoutMs: timeoutMs,
        tls: tlsOptions(tls),
        session: undefined,
        detachable: false,
        onread: null,
        firstBytes: (socket: Parameters<typeof announce>[0]) => announce(socket, undefined),
      };
      openSocket(url, options, {
        opened: (socket) => created(null, socket),
        failed: (error) => created(error, null as never),
        session() {},
      });
      return undefined;
    },
  };
}
