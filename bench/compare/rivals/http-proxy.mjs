// http-proxy in front of one service, with kept connections.
import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';

const [, , listen, upstream] = process.argv;
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${upstream}`,
  agent: new Agent({ keepAlive: true, maxSockets: 128 }),
});
proxy.on('error', (_error, _request, response) => response.writeHead?.(502).end());
createServer((request, response) => {
  proxy.web(request, response);
}).listen(Number(listen), '127.0.0.1');
