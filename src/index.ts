/** Exports for embedders: the decision alone, and the whole gateway. */
export { createGateway, type Gateway, type GatewayOptions } from './app/create-gateway.ts';
export { ListenError } from './app/listen-error.ts';
export type { Config } from './config/config.ts';
export { formatProblems } from './config/format-problems.ts';
export { loadConfig } from './config/load-config.ts';
export { type ConfigResult, type ParseOptions, parseConfig } from './config/parse-config.ts';
export type { ConfigProblem } from './config/yaml/problem.ts';
export type { Credential } from './core/credential/credential.ts';
export { decide, type Policy } from './core/decide.ts';
export type { Allow, Decision, Refuse } from './core/decision.ts';
export type { Identity, Resolution, ResolveIdentity } from './core/identity/identity.ts';
export { type Reason, type ReasonCode, reasons } from './core/outcome/reasons.ts';
export type { RequestView } from './core/request/request-view.ts';
export type { Route } from './core/routing/route.ts';
