// @fastify/http-proxy in front of one service, as its documentation shows it.
import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const [, , listen, upstream] = process.argv;
const server = Fastify();
await server.register(proxy, { upstream: `http://127.0.0.1:${upstream}` });
await server.listen({ port: Number(listen), host: '127.0.0.1' });
