/** What the chart refuses, each with one sentence; and a similar input that it accepts. */
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { tryTemplate } from './helm.ts';

vi.setConfig({ testTimeout: 30_000 });

interface Row {
  readonly set?: string;
  readonly values: object;
  readonly says: string;
  /** A similar input that is accepted; unset: the unchanged value set, which another file renders. */
  readonly good?: object;
}

const long = 'x'.repeat(40);
const text = `holds a secret as text: put it into a Secret and write { file: ... } or \${NAME}`;
const password = `holds a password as text: put it into a Secret and write { file: ... } or \${NAME}`;
const external = { enabled: true, settings: { url: 'redis://redis:6379' } };
const pair = { cert: '/etc/tls/tls.crt', key: '/etc/tls/tls.key' };
const certificate = { enabled: true, issuerRef: { name: 'own' }, dnsNames: ['api.example.test'] };
const embedded = (more: object) => ({ config: { authApi: { embedded: more } } });

const rows: Readonly<Record<string, Row>> = {
  'no image': { values: { image: { repository: '' } }, says: 'image.repository is empty: say where the image is' },
  'the latest image': {
    values: { image: { tag: 'latest' } },
    says: 'image.tag latest means another image on each node: name a version or a digest',
  },
  'a scaled daemon set': {
    values: { kind: 'DaemonSet', autoscaling: { enabled: true } },
    says: 'autoscaling.enabled needs kind Deployment: a DaemonSet has one pod on each node',
  },
  'a minimum of scaling above the maximum': {
    set: 'autoscaling',
    values: { autoscaling: { minReplicas: 13 } },
    says: 'autoscaling.minReplicas is more than autoscaling.maxReplicas',
  },
  'scaling without a target': {
    set: 'autoscaling',
    values: { autoscaling: { targetCPUUtilizationPercentage: 0, targetRequestsPerSecond: 0 } },
    says: 'autoscaling.enabled has no target: set targetCPUUtilizationPercentage, targetRequestsPerSecond or targetChecksPerSecond',
    good: { autoscaling: { targetCPUUtilizationPercentage: 0, targetRequestsPerSecond: 0, targetChecksPerSecond: 9 } },
  },
  'scaling by a share of an unset request': {
    set: 'autoscaling',
    values: { resources: { requests: { cpu: null } } },
    says: 'autoscaling.targetCPUUtilizationPercentage is a share of resources.requests.cpu, which is not set',
    good: { resources: { requests: { cpu: null } }, autoscaling: { targetCPUUtilizationPercentage: 0 } },
  },
  'no protocol for checks': {
    set: 'authorizer',
    values: { authorizer: { grpc: { enabled: false }, envoyGateway: { enabled: false } } },
    says: 'no proxy could request a check: set authorizer.grpc.enabled or authorizer.http.enabled',
    good: { authorizer: { grpc: { enabled: false }, envoyGateway: { enabled: false }, http: { enabled: true } } },
  },
  'a data plane without addresses': {
    set: 'authorizer',
    values: { authorizer: { peers: [] } },
    says: 'authorizer.peers is empty: name the addresses of the data plane, which is trusted to describe requests',
  },
  'Envoy Gateway without gRPC': {
    set: 'authorizer',
    values: { authorizer: { grpc: { enabled: false }, http: { enabled: true } } },
    says: 'authorizer.envoyGateway checks over gRPC: set authorizer.grpc.enabled',
  },
  'a secret that Envoy Gateway cannot send': {
    set: 'authorizer',
    values: { config: { authorizer: { secret: { file: '/run/secrets/rolegate/checks' } } } },
    says: 'authorizer.envoyGateway sends no secret over gRPC: use authorizer.peers, and authorizer.grpc.tls.clientCertificates',
    good: {
      config: { authorizer: { secret: { file: '/run/secrets/rolegate/checks' } } },
      authorizer: { envoyGateway: { enabled: false } },
    },
  },
  'the earlier form of TLS for checks': {
    set: 'authorizer',
    values: { authorizer: { grpc: { tls: { cert: '/etc/tls/tls.crt', key: '/etc/tls/tls.key' } } } },
    says: 'authorizer.grpc.tls has the keys of the configuration: { certificates: [{ cert, key }], clientCertificates: { ca } }',
    good: { authorizer: { grpc: { tls: { certificates: [pair] } } } },
  },
  'two certificates for clients': {
    values: { tls: { secretName: 'api-tls', certificate } },
    says: 'tls.secretName names a Secret and tls.certificate.enabled makes one: choose one of them',
    good: { tls: { certificate } },
  },
  'a certificate without an issuer': {
    values: { tls: { certificate: { enabled: true, dnsNames: ['api.example.test'] } } },
    says: 'tls.certificate.enabled needs tls.certificate.issuerRef and dnsNames',
    good: { tls: { certificate } },
  },
  'HTTP/2 without a certificate': {
    values: { tls: { http2: true } },
    says: 'tls.http2 and tls.settings have no effect without a certificate: set tls.secretName or tls.certificate.enabled',
    good: { tls: { http2: true, secretName: 'api-tls' } },
  },
  'certificates beside that of the chart': {
    values: { tls: { secretName: 'api-tls', settings: { certificates: [pair] } } },
    says: 'tls.settings.certificates is written by the chart: set tls.secretName',
    good: { tls: { secretName: 'api-tls', settings: { minVersion: 'TLSv1.3' } } },
  },
  'settings of clients beside an existing configuration': {
    set: 'existing-configmap',
    values: { proxyProtocol: true },
    says: 'proxyProtocol, tls.http2 and tls.settings have no effect with existingConfig: write them there, in server.listen',
    good: { tls: { secretName: 'api-tls' } },
  },
  'a PROXY protocol that nobody may send': {
    values: { proxyProtocol: true },
    says: 'proxyProtocol needs config.server.trustedProxies: connections of others are closed',
    good: { proxyProtocol: true, config: { server: { trustedProxies: ['192.0.2.0/24'] } } },
  },
  'TLS of Envoy Gateway alone': {
    set: 'authorizer',
    values: { authorizer: { envoyGateway: { backendTls: { caConfigMap: 'authority' } } } },
    says: 'authorizer.envoyGateway.backendTls makes Envoy check over TLS: set authorizer.grpc.tls, too',
    good: {
      authorizer: { grpc: { tls: { certificates: [pair] } }, envoyGateway: { backendTls: { caConfigMap: 'ca' } } },
    },
  },
  'an admin port that probes cannot reach': {
    values: {
      config: { server: { adminTls: { certificates: [pair], clientCertificates: { ca: '/etc/tls/ca.crt' } } } },
    },
    says: 'config.server.adminTls.clientCertificates: probes of the node present no certificate, so pods would never be ready; tokens protect the admin port',
    good: { config: { server: { adminTls: { certificates: [pair] } } } },
  },
  'an Auth API that probes cannot reach': {
    set: 'auth-api-sqlite',
    values: { authApi: { config: { tls: { certificates: [pair], clientCertificates: { ca: '/etc/tls/ca.crt' } } } } },
    says: 'authApi.config.tls.clientCertificates: probes of the node present no certificate, so pods would never be ready',
    good: { authApi: { config: { tls: { certificates: [pair] } } } },
  },
  'a plain-text secret of checks': {
    set: 'authorizer',
    values: { config: { authorizer: { secret: long } }, authorizer: { envoyGateway: { enabled: false } } },
    says: `config.authorizer.secret ${text}`,
  },
  'ExternalAuth without HTTP': {
    set: 'authorizer-both',
    values: { authorizer: { http: { enabled: false } } },
    says: 'authorizer.externalAuth checks over HTTP: set authorizer.http.enabled',
  },
  'a policy without a target': {
    set: 'authorizer',
    values: { authorizer: { envoyGateway: { targetRefs: [] } } },
    says: 'authorizer.envoyGateway.enabled needs authorizer.envoyGateway.targetRefs',
  },
  'ExternalAuth without a gateway': {
    set: 'authorizer-both',
    values: { authorizer: { externalAuth: { parentRefs: [] } } },
    says: 'authorizer.externalAuth.enabled needs authorizer.externalAuth.parentRefs and backendRefs',
  },
  'headers that cannot be derived': {
    set: 'authorizer',
    values: { config: null, existingConfig: { configMap: 'gateway-config' } },
    says: 'which headers the data plane has to remove follows from config: with existingConfig, print its objects with rolegate proxy-config',
    good: {
      config: null,
      existingConfig: { configMap: 'gateway-config' },
      authorizer: { envoyGateway: { enabled: false } },
    },
  },
  'a data plane without an authorizer': {
    values: { authorizer: { istio: { enabled: true } } },
    says: 'authorizer.istio.enabled needs mode authorizer or both',
    good: { mode: 'both', authorizer: { peers: ['10.0.0.0/8'], istio: { enabled: true } } },
  },
  'an ingress to pods that forward nothing': {
    set: 'authorizer',
    values: { ingress: { enabled: true, hosts: ['a.test'] } },
    says: 'mode authorizer forwards nothing, so no ingress and no httpRoute can lead to it',
  },
  ...Object.fromEntries(
    Object.entries({
      listen: 'set authorizer.http.enabled',
      grpc: 'set authorizer.grpc',
      peers: 'set authorizer.peers',
      timeout: 'set authorizer.timeoutSeconds',
    }).map(([key, hint]) => [
      `authorizer.${key}`,
      {
        set: 'authorizer',
        values: {
          config: {
            authorizer: {
              [key]:
                key === 'peers' ? ['10.0.0.0/8'] : key === 'grpc' ? { listen: ':1' } : key === 'listen' ? ':1' : '5s',
            },
          },
        },
        says: `config.authorizer.${key} is written by the chart: ${hint}`,
      },
    ]),
  ),
  'an ingress for every host': {
    set: 'ingress',
    values: { ingress: { hosts: [] } },
    says: 'ingress.enabled needs ingress.hosts: without them it would apply to every host',
  },
  'a route without a gateway': {
    set: 'http-route',
    values: { httpRoute: { parentRefs: [] } },
    says: 'httpRoute.enabled needs httpRoute.parentRefs',
  },
  'source ranges without a load balancer': {
    values: { service: { loadBalancerSourceRanges: ['192.0.2.0/24'] } },
    says: 'service.loadBalancerSourceRanges has no effect unless service.type is LoadBalancer',
    good: { service: { loadBalancerSourceRanges: ['192.0.2.0/24'], type: 'LoadBalancer' } },
  },
  ...Object.fromEntries(
    [
      { podSecurityContext: { runAsUser: 0 } },
      { podSecurityContext: { runAsNonRoot: false } },
      { containerSecurityContext: { runAsUser: 0 } },
      { containerSecurityContext: { privileged: true } },
      { containerSecurityContext: { allowPrivilegeEscalation: true } },
    ].map((values) => [
      `the superuser: ${JSON.stringify(values)}`,
      {
        values,
        says: 'the security contexts let a pod run as the superuser: Rolegate needs no privilege',
        good: { podSecurityContext: { runAsUser: null } },
      },
    ]),
  ),

  'no configuration': {
    values: { config: null },
    says: 'config is empty: write gateway.yaml there, or name a ConfigMap or Secret in existingConfig',
  },
  'two configurations': {
    values: { existingConfig: { configMap: 'gateway-config' } },
    says: 'existingConfig replaces config and configFiles: set one of them',
  },
  'two existing configurations': {
    set: 'existing-configmap',
    values: { existingConfig: { secret: 'gateway-config' } },
    says: 'existingConfig.configMap and existingConfig.secret exclude each other',
  },
  ...Object.fromEntries(
    Object.entries({
      listen: 'the port is always 8080',
      admin: 'set admin.bind',
      adminToken: 'set admin.tokenKey',
      adminTokens: 'set admin.tokens',
      drainDelay: 'set drainDelaySeconds',
      drainTimeout: 'set drainSeconds',
    }).map(([key, hint]) => [
      `server.${key}`,
      {
        values: { config: { server: { [key]: key === 'adminTokens' ? {} : '5s' } } },
        says: `config.server.${key} is written by the chart: ${hint}`,
        good: { config: { server: { name: 'edge' } } },
      },
    ]),
  ),
  'cache.redis': {
    values: { config: { cache: { redis: { url: 'redis://redis:6379' } } } },
    says: 'config.cache.redis is written by the chart: set redis.enabled and redis.settings',
    good: { config: { cache: { accepted: '1m' } } },
  },
  'two Auth APIs': {
    set: 'auth-api-sqlite',
    values: { config: { authApi: { url: 'http://auth-api:8081' } } },
    says: 'authApi.enabled runs an Auth API and config.authApi names another one: choose one of them',
  },
  'no Auth API': {
    set: 'auth-api-sqlite',
    values: { authApi: { enabled: false } },
    says: 'no Auth API is configured: set config.authApi.url, or run the Auth API with authApi.enabled',
  },
  'several gateways with separate users': {
    set: 'embedded',
    values: { replicas: 2 },
    says: 'config.authApi.embedded keeps its data in one pod, so other replicas would not know it: use PostgreSQL, authApi.enabled, or one replica',
    good: { replicas: 2, ...embedded({ database: `\${DATABASE_URL}` }) },
  },
  'a daemon set with separate users on every node': {
    set: 'embedded',
    values: { kind: 'DaemonSet' },
    says: 'config.authApi.embedded keeps its data in one pod, so other replicas would not know it: use PostgreSQL, authApi.enabled, or one replica',
  },
  'scaled gateways with separate users': {
    set: 'embedded',
    values: { autoscaling: { enabled: true } },
    says: 'config.authApi.embedded keeps its data in one pod, so other replicas would not know it: use PostgreSQL, authApi.enabled, or one replica',
    good: { autoscaling: { enabled: true }, ...embedded({ database: { file: '/run/secrets/rolegate/database-url' } }) },
  },

  'two sources of secrets': {
    values: { secrets: { values: { 'admin-token': long } } },
    says: 'secrets.existingSecret and secrets.values exclude each other',
  },
  'a short token': {
    values: { secrets: { existingSecret: '', values: { 'admin-token': 'short' } } },
    says: 'secrets.values.admin-token has fewer than 32 characters',
    good: { secrets: { existingSecret: '', values: { 'admin-token': long } } },
  },
  'a plain-text cache secret': { values: { config: { cache: { secret: long } } }, says: `config.cache.secret ${text}` },
  'the cache secret with a default': {
    values: { config: { cache: { secret: `\${SECRET:-${long}}` } } },
    says: `config.cache.secret ${text}`,
    good: { config: { cache: { secret: `\${SECRET}` } } },
  },
  'an unnamed file for the cache secret': {
    values: { config: { cache: { secret: { file: '' } } } },
    says: 'config.cache.secret is not { file: ... }',
    good: { config: { cache: { secret: { file: '/run/secrets/rolegate/cache-secret' } } } },
  },
  'a plain-text previous cache secret': {
    values: { config: { cache: { previousSecret: [`\${OLD}`, long] } } },
    says: `config.cache.previousSecret ${text}`,
    good: { config: { cache: { previousSecret: [`\${OLD}`, { file: '/run/secrets/rolegate/old' }] } } },
  },
  'a plain-text webhook secret': {
    values: { config: { revocations: { webhookSecret: 'whsec_eA==' } } },
    says: `config.revocations.webhookSecret ${text}`,
  },
  'a plain-text secret of an embedded Auth API': {
    set: 'embedded',
    values: embedded({ secret: long }),
    says: `config.authApi.embedded.secret ${text}`,
  },
  'a plain-text database password of an embedded Auth API': {
    set: 'embedded',
    values: embedded({ database: 'postgres://rolegate:secret@postgres/rolegate' }),
    says: `config.authApi.embedded.database ${password}`,
    good: embedded({ database: `postgres://rolegate:\${PASSWORD}@postgres/rolegate` }),
  },
  'codes in the log of a gateway': {
    set: 'embedded',
    values: embedded({ outbox: 'console' }),
    says: 'config.authApi.embedded.outbox console prints codes that let people in to the log: configure mail',
  },
  'a plain-text Redis password': {
    set: 'daemonset',
    values: { redis: { passwordKey: '', settings: { password: long } } },
    says: `redis.settings.password ${text}`,
    good: { redis: { passwordKey: '', settings: { password: `\${REDIS_PASSWORD}` } } },
  },
  'the password of Redis in its URL': {
    set: 'daemonset',
    values: { redis: { settings: { url: 'redis://user:secret@redis:6379' } } },
    says: `redis.settings.url ${password}`,
    good: { redis: { passwordKey: '', settings: { url: `redis://user:\${REDIS_PASSWORD}@redis:6379` } } },
  },
  'a plain-text Sentinel password': {
    set: 'redis-sentinel',
    values: { redis: { settings: { sentinel: { password: long } } } },
    says: `redis.settings.sentinel.password ${text}`,
  },
  'a plain-text mail password': {
    set: 'auth-api-sqlite',
    values: { authApi: { config: { mail: { smtp: 'smtp://user:secret@mail' } } } },
    says: `authApi.config.mail.smtp ${password}`,
    good: { authApi: { config: { mail: { smtp: 'smtp://mail:25' } } } },
  },
  'plain-text previous secrets of the Auth API': {
    set: 'auth-api-sqlite',
    values: { authApi: { config: { previousSecrets: [long] } } },
    says: `authApi.config.previousSecrets ${text}`,
    good: { authApi: { config: { previousSecrets: [{ file: '/run/secrets/rolegate-auth-api/old' }] } } },
  },

  'an open admin port': {
    values: { admin: { tokenKey: '' } },
    says: 'the admin port would be open without a token: set admin.tokenKey, or admin.bind to loopback',
    good: { admin: { tokenKey: '', bind: 'loopback' } },
  },
  'an admin port without a source of its token': {
    values: { secrets: { existingSecret: '' } },
    says: 'the admin port needs the key admin-token: name a Secret that has it in secrets.existingSecret',
  },
  'an additional token without a source': {
    values: {
      admin: { tokens: { support: { key: 'support-token', scope: 'read' } } },
      secrets: { existingSecret: '', values: { 'admin-token': long } },
    },
    says: 'the admin port needs the key support-token: name a Secret that has it in secrets.existingSecret',
    good: {
      admin: { tokens: { support: { key: 'support-token', scope: 'read' } } },
      secrets: { existingSecret: '', values: { 'admin-token': long, 'support-token': `${long}-of-support` } },
    },
  },
  'an additional token that is short': {
    values: {
      admin: { tokens: { support: { key: 'support-token', scope: 'read' } } },
      secrets: { existingSecret: '', values: { 'admin-token': long, 'support-token': 'short' } },
    },
    says: 'secrets.values.support-token has fewer than 32 characters',
  },
  'two tokens with one key': {
    values: { admin: { tokens: { support: { key: 'admin-token', scope: 'read' } } } },
    says: 'two tokens of the admin port have the same key: admin.tokenKey and admin.tokens need one each',
    good: { admin: { tokens: { support: { key: 'support-token', scope: 'read' } } } },
  },
  'a Prometheus without a token': {
    set: 'monitoring',
    values: { admin: { tokenKey: '', tokens: { prometheus: { key: 'prometheus-token', scope: 'metrics' } } } },
    says: 'serviceMonitor.tokenKey is the key of no token: name that of one of admin.tokens',
    good: {
      admin: { tokenKey: '', tokens: { prometheus: { key: 'prometheus-token', scope: 'metrics' } } },
      serviceMonitor: { tokenKey: 'prometheus-token' },
    },
  },
  'two collectors': {
    values: {
      tracing: { endpoint: 'http://collector:4318/v1/traces' },
      config: { tracing: { endpoint: 'http://other:4318/v1/traces' } },
    },
    says: 'tracing.endpoint and config.tracing.endpoint name a collector each: choose one of them',
    good: { tracing: { endpoint: 'http://collector:4318/v1/traces' }, config: { tracing: { sample: 0.1 } } },
  },
  'two collectors for the Auth API': {
    set: 'auth-api-sqlite',
    values: {
      tracing: { endpoint: 'http://collector:4318/v1/traces' },
      authApi: { config: { tracing: { endpoint: 'http://other:4318/v1/traces' } } },
    },
    says: 'tracing.endpoint and authApi.config.tracing.endpoint name a collector each: choose one of them',
    good: { authApi: { config: { tracing: { endpoint: 'http://other:4318/v1/traces' } } } },
  },
  'a collector next to an existing configuration': {
    set: 'existing-config-secret',
    values: { tracing: { endpoint: 'http://collector:4318/v1/traces' } },
    says: 'tracing.endpoint has no effect with existingConfig: write it there',
  },
  'a plain-text credential of the collector': {
    values: { config: { tracing: { headers: { authorization: `Bearer ${long}` } } } },
    says: `config.tracing.headers.authorization ${text}`,
    good: { config: { tracing: { headers: { authorization: { file: '/run/secrets/rolegate/collector' } } } } },
  },
  "a plain-text credential of the Auth API's collector": {
    set: 'auth-api-sqlite',
    values: { authApi: { config: { tracing: { headers: { key: long } } } } },
    says: `authApi.config.tracing.headers.key ${text}`,
    good: { authApi: { config: { tracing: { headers: { key: `\${COLLECTOR_KEY}` } } } } },
  },
  'metrics on loopback': {
    set: 'monitoring',
    values: { admin: { bind: 'loopback' } },
    says: 'serviceMonitor.enabled needs admin.bind pod: Prometheus does not reach a loopback',
  },
  'metrics that the network policy hides from Prometheus': {
    set: 'monitoring',
    values: { networkPolicy: { operators: [] } },
    says: 'serviceMonitor.enabled needs Prometheus among networkPolicy.operators: no other client can reach the admin port',
    good: { networkPolicy: { operators: [], enabled: false } },
  },

  'several replicas with Redis and without a cache secret': {
    values: {
      replicas: 3,
      redis: { ...external, passwordKey: '' },
      secrets: { existingSecret: '', values: { 'admin-token': long } },
    },
    says: 'Redis, so that all replicas have the same cache secret, needs the key cache-secret: name a Secret that has it in secrets.existingSecret',
    good: {
      replicas: 3,
      redis: { ...external, passwordKey: '' },
      secrets: { existingSecret: '', values: { 'admin-token': long, 'cache-secret': long } },
    },
  },
  'Redis without a source of its password': {
    values: { redis: external, secrets: { existingSecret: '', values: { 'admin-token': long, 'cache-secret': long } } },
    says: 'Redis needs the key redis-password: name a Secret that has it in secrets.existingSecret',
  },
  'a bundled Redis that is not used': {
    values: { redis: { bundled: { enabled: true } } },
    says: 'redis.bundled.enabled needs redis.enabled',
  },
  'two Redis': {
    set: 'redis-bundled',
    values: { redis: { settings: { url: 'redis://redis:6379' } } },
    says: 'redis.bundled.enabled brings a Redis and redis.settings names another one: choose one of them',
    good: { redis: { settings: { keyPrefix: 'shop:' } } },
  },
  'an open bundled Redis': {
    set: 'redis-bundled',
    values: { redis: { passwordKey: '' } },
    says: 'the bundled Redis would be open without a password: set redis.passwordKey',
  },
  'Redis without an address': {
    values: { redis: { enabled: true } },
    says: 'redis.enabled needs redis.settings.url, sentinel or cluster, or redis.bundled.enabled',
  },

  'SQLite with several replicas': {
    set: 'auth-api-sqlite',
    values: { authApi: { replicas: 2 } },
    says: 'authApi.replicas is more than one, which SQLite does not allow: set authApi.database.kind to postgres',
    good: { authApi: { replicas: 2, database: { kind: 'postgres' } } },
  },
  'two sources of secrets for the Auth API': {
    set: 'auth-api-sqlite',
    values: { authApi: { secrets: { values: { 'auth-secret': long } } } },
    says: 'authApi.secrets.existingSecret and authApi.secrets.values exclude each other',
  },
  'an Auth API without a secret': {
    set: 'auth-api-sqlite',
    values: { authApi: { secrets: { existingSecret: '' } } },
    says: 'the Auth API needs the key auth-secret: name a Secret that has it in authApi.secrets.existingSecret',
  },
  'an Auth API without a PostgreSQL URL': {
    set: 'auth-api-postgres',
    values: { authApi: { secrets: { existingSecret: '', values: { 'auth-secret': long } } } },
    says: 'the Auth API needs the key database-url: name a Secret that has it in authApi.secrets.existingSecret',
  },
  'an Auth API with a short secret': {
    set: 'auth-api-sqlite',
    values: { authApi: { secrets: { existingSecret: '', values: { 'auth-secret': 'short' } } } },
    says: 'authApi.secrets.values.auth-secret has fewer than 32 characters',
  },
  'codes in the log of the Auth API': {
    set: 'auth-api-sqlite',
    values: { authApi: { config: { outbox: 'console' } } },
    says: 'authApi.config.outbox console prints codes that let people in to the log: configure mail',
  },
  ...Object.fromEntries(
    ['listen', 'database', 'secret', 'redis', 'metrics', 'gatewaySecret'].map((key) => [
      `authApi.config.${key}`,
      {
        set: 'auth-api-sqlite',
        values: { authApi: { config: { [key]: key === 'redis' ? {} : `\${X}` } } },
        says: `authApi.config.${key} is written by the chart`,
      },
    ]),
  ),
  'a plain-text gateway secret': {
    values: { config: { authApi: { gatewaySecret: 'x'.repeat(40) } } },
    says: `config.authApi.gatewaySecret holds a secret as text: put it into a Secret and write { file: ... } or \${NAME}`,
  },
  "a gateway secret next to the chart's": {
    set: 'auth-api-sqlite',
    values: { config: { authApi: { gatewaySecret: { file: '/run/secrets/x' } } } },
    says: 'config.authApi.gatewaySecret is written by the chart: set authApi.gatewaySecretKey',
  },
  'a gateway secret without a source': {
    set: 'auth-api-sqlite',
    values: {
      secrets: { existingSecret: '', values: { 'admin-token': 'a'.repeat(40) } },
      authApi: { gatewaySecretKey: 'shared' },
    },
    says: 'the secret of gateways and Auth API needs the key shared: name a Secret that has it in secrets.existingSecret',
  },
  'metrics of an Auth API that Prometheus cannot reach': {
    set: 'auth-api-postgres',
    values: { networkPolicy: { operators: [] } },
    says: 'authApi.serviceMonitor.enabled needs Prometheus among networkPolicy.operators',
  },
};

test.each(Object.entries(rows))('%s', (_, { set = 'minimal', values, says, good }) => {
  const refused = tryTemplate([set], values);
  expect(refused.ok).toBe(false);
  // The sentence, and nothing after it.
  const [, said] = /^Error: execution error at \(\S+\): (.*)$/m.exec(refused.output) ?? [];
  expect(said, refused.output).toBe(says);
  if (good === undefined) return;
  const taken = tryTemplate([set], good);
  expect(taken.ok, taken.output).toBe(true);
});

describe('the list above', () => {
  const source = readFileSync('helm/templates/_refusals.tpl', 'utf8');
  const sentences = [...source.matchAll(/fail \(?(?:printf )?"([^"]+)"/g)].map(([, sentence]) => sentence!);

  test('contains every refusal of the chart', () => {
    expect(sentences.length).toBe(source.split('fail ').length - 1);
    const said = Object.values(rows).map(({ says }) => says);
    const pattern = (sentence: string) =>
      new RegExp(`^${sentence.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('%s', '.+')}$`);
    expect(sentences.filter((sentence) => !said.some((one) => pattern(sentence).test(one)))).toEqual([]);
  });
});

describe('the schema refuses', () => {
  test.each([
    ['an unknown name', { replicaCount: 2 }, "'replicaCount'"],
    ['an unknown nested name', { service: { prot: 80 } }, "'prot'"],
    ['an unknown kind', { kind: 'StatefulSet' }, 'kind'],
    ['a wrong type', { replicas: 'two' }, 'replicas'],
    ['an invalid port', { service: { port: 70000 } }, 'port'],
    ['an invalid digest', { image: { digest: 'sha256:1' } }, 'digest'],
    ['a secret that is not text', { secrets: { values: { a: 1 } } }, 'secrets'],
  ])('%s', (_, values, names) => {
    const { ok, output } = tryTemplate(['minimal'], values);
    expect(ok).toBe(false);
    expect(output).toContain('schema');
    expect(output).toContain(names);
  });

  test('accepts the global values of a parent chart', () => {
    expect(tryTemplate(['minimal'], { global: { imageRegistry: 'x' } }).ok).toBe(true);
  });
});
