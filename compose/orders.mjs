// The service of compose.yaml: answers with who asked, as the gateway tells it.
import { createServer } from 'node:http';

const server = createServer(({ method, url, headers }, answer) => {
  if (url === '/live') return answer.end();
  const { 'user-id': user, groups } = headers;
  answer.writeHead(200, { 'content-type': 'application/json' });
  answer.end(JSON.stringify({ method, path: url, 'user-id': user, groups }));
});
server.listen(3000);
process.on('SIGTERM', () => server.close());
