/** `rolegate/middleware`: the decision inside a Node application, for `node:http`, Express, Fastify and Hono. */
export {
  type Authorizer,
  type AuthorizerOptions,
  type AuthorizerSource,
  ConfigError,
  createAuthorizer,
} from './app/create-in-process.ts';
export type { ConfigProblem } from './config/yaml/problem.ts';
export type { Identity } from './core/identity/identity.ts';
export type { Grant } from './middleware/grant.ts';
