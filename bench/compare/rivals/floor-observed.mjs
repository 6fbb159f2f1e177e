// The floor plus what every gateway does for its operator: a JSON line and metrics for each request. It still checks and limits
// nothing. The line and the five operations of prom-client are those of a request that Rolegate forwards.
import { randomUUID } from 'node:crypto';
import { write } from 'node:fs';
import { Counter, Histogram } from 'prom-client';
import { relay } from './floor.mjs';

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const histogram = (name, label) => new Histogram({ name, help: name, labelNames: [label], buckets });
const requests = new Counter({ name: 'requests', help: 'requests', labelNames: ['route', 'method', 'status', 'outcome'] });
const sent = new Counter({ name: 'sent', help: 'sent', labelNames: ['route'] });
const durations = histogram('durations', 'route');
const decisions = histogram('decisions', 'source');
const upstreams = histogram('upstreams', 'upstream');
let lines = '';

function flush() {
  if (lines !== '') write(1, lines, () => {});
  lines = '';
}

function observe({ start, headers, user, startedAt }, response) {
  const [method, path] = start.split(' ');
  const status = Number(response.start.split(' ')[1]);
  const seconds = (performance.now() - startedAt) / 1000;
  requests.inc({ route: 'private', method, status, outcome: 'allow' });
  sent.inc({ route: 'private' }, response.body.length);
  durations.observe({ route: 'private' }, seconds);
  decisions.observe({ source: 'memory' }, seconds / 10);
  upstreams.observe({ upstream: 'service' }, seconds);
  const userAgent = headers.find(([name]) => name.toLowerCase() === 'user-agent')?.[1];
  const time = new Date().toISOString();
  const ms = { total: Math.round(seconds * 1e6) / 1000 };
  const line = { level: 'info', time, msg: 'request', requestId: randomUUID(), route: 'private', method, path, status, userId: user, userAgent, ms };
  lines += `${JSON.stringify(line)}\n`;
  if (lines.length > 65_536) flush();
}

setInterval(flush, 100);
relay(process.argv[2], process.argv[3], observe);
