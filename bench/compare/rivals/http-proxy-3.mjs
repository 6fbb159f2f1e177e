// http-proxy-3 in front of one service, with kept connections.
import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy-3';

const [, , listen, upstream] = process.argv;
const proxy = createProxyServer({
  target: `http://127.0.0.1:${upstream}`,
  agent: new Agent({ keepAlive: true, maxSockets: 128 }),
});
proxy.on('error', (_error, _request, response) => response.writeHead?.(502).end());
createServer((request, response) => {
  proxy.web(request, response);
}).listen(Number(listen), '127.0.0.1');
