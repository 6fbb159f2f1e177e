{{/* What the chart refuses, each in one sentence: combinations that would be open, lose data, or not start. */}}

{{/* Fails when a secret is text: [place, value]. Good are { file: ... } and ${NAME} as a whole. */}}
{{- define "rolegate.refuseText" -}}
{{- $value := index . 1 -}}
{{- if kindIs "slice" $value -}}
{{- range $value }}{{ include "rolegate.refuseText" (list (index $ 0) .) }}{{ end -}}
{{- else if kindIs "map" $value -}}
{{- if not $value.file }}{{ fail (printf "%s is not { file: ... }" (index . 0)) }}{{ end -}}
{{- else if and $value (not (regexMatch `^\$\{\w+\}$` (toString $value))) -}}
{{- fail (printf "%s holds a secret as text: put it into a Secret and write { file: ... } or ${NAME}" (index . 0)) -}}
{{- end -}}
{{- end }}

{{/* Fails when a URL has a password as text: [place, value]. */}}
{{- define "rolegate.refusePassword" -}}
{{- $value := index . 1 -}}
{{- if and (kindIs "string" $value) (regexMatch `://[^/?#]*:[^/?#]*@` $value) (not (regexMatch `://[^:/?#]*:\$\{\w+\}@` $value)) -}}
{{- fail (printf "%s holds a password as text: put it into a Secret and write { file: ... } or ${NAME}" (index . 0)) -}}
{{- end -}}
{{- end }}

{{/* Secrets of Redis: [place, settings]. */}}
{{- define "rolegate.refuseRedisText" -}}
{{- $place := index . 0 -}}
{{- with index . 1 -}}
{{- include "rolegate.refuseText" (list (printf "%s.password" $place) .password) -}}
{{- include "rolegate.refusePassword" (list (printf "%s.url" $place) .url) -}}
{{- with .sentinel }}{{ include "rolegate.refuseText" (list (printf "%s.sentinel.password" $place) .password) }}{{ end -}}
{{- end -}}
{{- end }}

{{/* Secrets of an Auth API, and what it would tell the log: [place, settings]. */}}
{{- define "rolegate.refuseAuthApiSettings" -}}
{{- $place := index . 0 -}}
{{- with index . 1 -}}
{{- include "rolegate.refuseText" (list (printf "%s.secret" $place) .secret) -}}
{{- include "rolegate.refuseText" (list (printf "%s.previousSecrets" $place) .previousSecrets) -}}
{{- include "rolegate.refusePassword" (list (printf "%s.database" $place) .database) -}}
{{- with .mail }}{{ include "rolegate.refusePassword" (list (printf "%s.mail.smtp" $place) .smtp) }}{{ end -}}
{{- include "rolegate.refuseRedisText" (list (printf "%s.redis" $place) .redis) -}}
{{- if eq (toString .outbox) "console" -}}
{{- fail (printf "%s.outbox console prints codes that let people in to the log: configure mail" $place) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Fails unless the Secret of the gateway has a key: [context, key, what needs it]. */}}
{{- define "rolegate.needKey" -}}
{{- $root := index . 0 -}}
{{- $key := index . 1 -}}
{{- $secrets := $root.Values.secrets -}}
{{- if not (or $secrets.existingSecret (get ($secrets.values | default dict) $key)) -}}
{{- fail (printf "%s needs the key %s: name a Secret that has it in secrets.existingSecret" (index . 2) $key) -}}
{{- end -}}
{{- end }}

{{/* Keys of the tokens of the admin port, as JSON. */}}
{{- define "rolegate.adminKeys" -}}
{{- $keys := compact (list .Values.admin.tokenKey) -}}
{{- range .Values.admin.tokens }}{{ $keys = append $keys .key }}{{ end -}}
{{- toJson $keys -}}
{{- end }}

{{/* Headers for a collector, such as a credential: [place, section]. */}}
{{- define "rolegate.refuseTracingText" -}}
{{- $place := index . 0 -}}
{{- range $name, $text := dig "headers" (dict) (index . 1 | default dict) -}}
{{- include "rolegate.refuseText" (list (printf "%s.headers.%s" $place $name) $text) -}}
{{- end -}}
{{- end }}

{{- define "rolegate.refuseSecrets" -}}
{{- with .Values.secrets -}}
{{- if and .existingSecret .values }}{{ fail "secrets.existingSecret and secrets.values exclude each other" }}{{ end -}}
{{- range $key := compact (concat (include "rolegate.adminKeys" $ | fromJsonArray) (list $.Values.redis.cacheSecretKey $.Values.authApi.gatewaySecretKey)) -}}
{{- $text := get ($.Values.secrets.values | default dict) $key -}}
{{- if and $text (lt (len $text) 32) }}{{ fail (printf "secrets.values.%s has fewer than 32 characters" $key) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with .Values.config -}}
{{- with .cache -}}
{{- include "rolegate.refuseText" (list "config.cache.secret" .secret) -}}
{{- include "rolegate.refuseText" (list "config.cache.previousSecret" .previousSecret) -}}
{{- end -}}
{{- with .revocations -}}
{{- include "rolegate.refuseText" (list "config.revocations.webhookSecret" .webhookSecret) -}}
{{- end -}}
{{- include "rolegate.refuseTracingText" (list "config.tracing" .tracing) -}}
{{- with .authApi -}}
{{- include "rolegate.refuseAuthApiSettings" (list "config.authApi.embedded" .embedded) -}}
{{- include "rolegate.refuseText" (list "config.authApi.gatewaySecret" .gatewaySecret) -}}
{{- end -}}
{{- end -}}
{{- include "rolegate.refuseRedisText" (list "redis.settings" .Values.redis.settings) -}}
{{- include "rolegate.refuseAuthApiSettings" (list "authApi.config" .Values.authApi.config) -}}
{{- include "rolegate.refuseTracingText" (list "authApi.config.tracing" (.Values.authApi.config).tracing) -}}
{{- end }}

{{- define "rolegate.refuseConfig" -}}
{{- $existing := .Values.existingConfig -}}
{{- $known := or $existing.configMap $existing.secret -}}
{{- if and $existing.configMap $existing.secret -}}
{{- fail "existingConfig.configMap and existingConfig.secret exclude each other" -}}
{{- else if and $known (or .Values.config .Values.configFiles) -}}
{{- fail "existingConfig replaces config and configFiles: set one of them" -}}
{{- else if and (not $known) (not .Values.config) -}}
{{- fail "config is empty: write gateway.yaml there, or name a ConfigMap or Secret in existingConfig" -}}
{{- end -}}
{{- range $key, $value := dict "listen" "the port is always 8080" "admin" "set admin.bind" "adminToken" "set admin.tokenKey" "adminTokens" "set admin.tokens" "drainDelay" "set drainDelaySeconds" "drainTimeout" "set drainSeconds" -}}
{{- if hasKey (($.Values.config).server | default dict) $key -}}
{{- fail (printf "config.server.%s is written by the chart: %s" $key $value) -}}
{{- end -}}
{{- end -}}
{{- if hasKey ((.Values.config).cache | default dict) "redis" -}}
{{- fail "config.cache.redis is written by the chart: set redis.enabled and redis.settings" -}}
{{- end -}}
{{- $authApi := (.Values.config).authApi | default dict -}}
{{- if and .Values.authApi.enabled (or $authApi.url $authApi.embedded) -}}
{{- fail "authApi.enabled runs an Auth API and config.authApi names another one: choose one of them" -}}
{{- else if and .Values.authApi.enabled $authApi.gatewaySecret -}}
{{- fail "config.authApi.gatewaySecret is written by the chart: set authApi.gatewaySecretKey" -}}
{{- else if not (or $known .Values.authApi.enabled $authApi.url $authApi.embedded) -}}
{{- fail "no Auth API is configured: set config.authApi.url, or run the Auth API with authApi.enabled" -}}
{{- end -}}
{{- with $authApi.embedded -}}
{{- if and (include "rolegate.several" $) (not (kindIs "map" .database)) (not (regexMatch `^(postgres(ql)?:|\$\{)` (toString .database))) -}}
{{- fail "config.authApi.embedded keeps its data in one pod, so other replicas would not know it: use PostgreSQL, authApi.enabled, or one replica" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "rolegate.refuseAdmin" -}}
{{- $pod := eq .Values.admin.bind "pod" -}}
{{- $keys := include "rolegate.adminKeys" . | fromJsonArray -}}
{{- if and $pod (not $keys) -}}
{{- fail "the admin port would be open without a token: set admin.tokenKey, or admin.bind to loopback" -}}
{{- end -}}
{{- range $keys }}{{ include "rolegate.needKey" (list $ . "the admin port") }}{{ end -}}
{{- if ne (len $keys) (len (uniq $keys)) -}}
{{- fail "two tokens of the admin port have the same key: admin.tokenKey and admin.tokens need one each" -}}
{{- end -}}
{{- if .Values.serviceMonitor.enabled -}}
{{- if not (has (.Values.serviceMonitor.tokenKey | default .Values.admin.tokenKey) $keys) -}}
{{- fail "serviceMonitor.tokenKey is the key of no token: name that of one of admin.tokens" -}}
{{- end -}}
{{- if not $pod }}{{ fail "serviceMonitor.enabled needs admin.bind pod: Prometheus does not reach a loopback" }}{{ end -}}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.operators) -}}
{{- fail "serviceMonitor.enabled needs Prometheus among networkPolicy.operators: no other client can reach the admin port" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "rolegate.refuseTracing" -}}
{{- if .Values.tracing.endpoint -}}
{{- range $place, $config := dict "config" .Values.config "authApi.config" .Values.authApi.config -}}
{{- if dig "tracing" "endpoint" "" ($config | default dict) -}}
{{- fail (printf "tracing.endpoint and %s.tracing.endpoint name a collector each: choose one of them" $place) -}}
{{- end -}}
{{- end -}}
{{- if and (or .Values.existingConfig.configMap .Values.existingConfig.secret) (not .Values.authApi.enabled) -}}
{{- fail "tracing.endpoint has no effect with existingConfig: write it there" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "rolegate.refuseRedis" -}}
{{- with .Values.redis -}}
{{- if and .bundled.enabled (not .enabled) }}{{ fail "redis.bundled.enabled needs redis.enabled" }}{{ end -}}
{{- if .enabled -}}
{{- $settings := .settings | default dict -}}
{{- if .bundled.enabled -}}
{{- if or $settings.url $settings.sentinel $settings.cluster -}}
{{- fail "redis.bundled.enabled brings a Redis and redis.settings names another one: choose one of them" -}}
{{- end -}}
{{- if not .passwordKey }}{{ fail "the bundled Redis would be open without a password: set redis.passwordKey" }}{{ end -}}
{{- else if not (or $settings.url $settings.sentinel $settings.cluster) -}}
{{- fail "redis.enabled needs redis.settings.url, sentinel or cluster, or redis.bundled.enabled" -}}
{{- end -}}
{{- if not (($.Values.config).cache | default dict).secret -}}
{{- include "rolegate.needKey" (list $ .cacheSecretKey "Redis, so that all replicas have the same cache secret,") -}}
{{- end -}}
{{- with .passwordKey }}{{ include "rolegate.needKey" (list $ . "Redis") }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "rolegate.refuseAuthApi" -}}
{{- with .Values.authApi -}}
{{- if .enabled -}}
{{- if and .secrets.existingSecret .secrets.values -}}
{{- fail "authApi.secrets.existingSecret and authApi.secrets.values exclude each other" -}}
{{- end -}}
{{- $needed := ternary (list .secrets.secretKey) (list .secrets.secretKey .database.urlKey) (eq .database.kind "sqlite") -}}
{{- range $key := $needed -}}
{{- if not (or $.Values.authApi.secrets.existingSecret (get ($.Values.authApi.secrets.values | default dict) $key)) -}}
{{- fail (printf "the Auth API needs the key %s: name a Secret that has it in authApi.secrets.existingSecret" $key) -}}
{{- end -}}
{{- end -}}
{{- $text := get (.secrets.values | default dict) .secrets.secretKey -}}
{{- if and $text (lt (len $text) 32) -}}
{{- fail (printf "authApi.secrets.values.%s has fewer than 32 characters" .secrets.secretKey) -}}
{{- end -}}
{{- if and (eq .database.kind "sqlite") (gt (int .replicas) 1) -}}
{{- fail "authApi.replicas is more than one, which SQLite does not allow: set authApi.database.kind to postgres" -}}
{{- end -}}
{{- range $key := list "listen" "database" "secret" "redis" "metrics" "gatewaySecret" -}}
{{- if hasKey ($.Values.authApi.config | default dict) $key }}{{ fail (printf "authApi.config.%s is written by the chart" $key) }}{{ end -}}
{{- end -}}
{{- with .gatewaySecretKey }}{{ include "rolegate.needKey" (list $ . "the secret of gateways and Auth API") }}{{ end -}}
{{- if and .serviceMonitor.enabled $.Values.networkPolicy.enabled (not $.Values.networkPolicy.operators) -}}
{{- fail "authApi.serviceMonitor.enabled needs Prometheus among networkPolicy.operators" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "rolegate.refusePods" -}}
{{- with .Values -}}
{{- if not (include "rolegate.imageRepository" $) }}{{ fail "image.repository is empty: say where the image is" }}{{ end -}}
{{- if eq .image.tag "latest" -}}
{{- fail "image.tag latest means another image on each node: name a version or a digest" -}}
{{- end -}}
{{- if and .autoscaling.enabled (eq .kind "DaemonSet") -}}
{{- fail "autoscaling.enabled needs kind Deployment: a DaemonSet has one pod on each node" -}}
{{- end -}}
{{- if .autoscaling.enabled -}}
{{- if gt (int .autoscaling.minReplicas) (int .autoscaling.maxReplicas) -}}
{{- fail "autoscaling.minReplicas is more than autoscaling.maxReplicas" -}}
{{- end -}}
{{- if not (or .autoscaling.targetCPUUtilizationPercentage .autoscaling.targetRequestsPerSecond .autoscaling.targetChecksPerSecond) -}}
{{- fail "autoscaling.enabled has no target: set targetCPUUtilizationPercentage, targetRequestsPerSecond or targetChecksPerSecond" -}}
{{- end -}}
{{- if and .autoscaling.targetCPUUtilizationPercentage (not (dig "requests" "cpu" "" .resources)) -}}
{{- fail "autoscaling.targetCPUUtilizationPercentage is a share of resources.requests.cpu, which is not set" -}}
{{- end -}}
{{- end -}}
{{- if and .ingress.enabled (not .ingress.hosts) -}}
{{- fail "ingress.enabled needs ingress.hosts: without them it would apply to every host" -}}
{{- end -}}
{{- if and .httpRoute.enabled (not .httpRoute.parentRefs) }}{{ fail "httpRoute.enabled needs httpRoute.parentRefs" }}{{ end -}}
{{- if and .service.loadBalancerSourceRanges (ne .service.type "LoadBalancer") -}}
{{- fail "service.loadBalancerSourceRanges has no effect unless service.type is LoadBalancer" -}}
{{- end -}}
{{- $asRoot := or (eq (toString .podSecurityContext.runAsUser) "0") (eq (toString .containerSecurityContext.runAsUser) "0") -}}
{{- if or $asRoot .containerSecurityContext.privileged .containerSecurityContext.allowPrivilegeEscalation (not .podSecurityContext.runAsNonRoot) -}}
{{- fail "the security contexts let a pod run as the superuser: Rolegate needs no privilege" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "rolegate.refuseAuthorizer" -}}
{{- $planes := list -}}
{{- range $name := list "envoyGateway" "istio" "externalAuth" -}}
{{- if (index $.Values.authorizer $name).enabled }}{{ $planes = append $planes $name }}{{ end -}}
{{- end -}}
{{- if include "rolegate.authorizes" . -}}
{{- with .Values.authorizer -}}
{{- if not (or .http.enabled .grpc.enabled) }}{{ fail "no proxy could request a check: set authorizer.grpc.enabled or authorizer.http.enabled" }}{{ end -}}
{{- if not (or .peers $.Values.existingConfig.configMap $.Values.existingConfig.secret) -}}
{{- fail "authorizer.peers is empty: name the addresses of the data plane, which is trusted to describe requests" -}}
{{- end -}}
{{- range $name := list "envoyGateway" "istio" -}}
{{- if and (has $name $planes) (not $.Values.authorizer.grpc.enabled) }}{{ fail (printf "authorizer.%s checks over gRPC: set authorizer.grpc.enabled" $name) }}{{ end -}}
{{- if and (has $name $planes) (dig "authorizer" "secret" "" ($.Values.config | default dict)) -}}
{{- fail (printf "authorizer.%s sends no secret over gRPC: use authorizer.peers, and authorizer.grpc.tls.clientCertificates" $name) -}}
{{- end -}}
{{- end -}}
{{- if and .externalAuth.enabled (not .http.enabled) }}{{ fail "authorizer.externalAuth checks over HTTP: set authorizer.http.enabled" }}{{ end -}}
{{- if and .envoyGateway.enabled (not .envoyGateway.targetRefs) }}{{ fail "authorizer.envoyGateway.enabled needs authorizer.envoyGateway.targetRefs" }}{{ end -}}
{{- if and .externalAuth.enabled (not (and .externalAuth.parentRefs .externalAuth.backendRefs)) -}}
{{- fail "authorizer.externalAuth.enabled needs authorizer.externalAuth.parentRefs and backendRefs" -}}
{{- end -}}
{{- end -}}
{{- if and (or (has "envoyGateway" $planes) (has "externalAuth" $planes)) (or .Values.existingConfig.configMap .Values.existingConfig.secret) -}}
{{- fail "which headers the data plane has to remove follows from config: with existingConfig, print its objects with rolegate proxy-config" -}}
{{- end -}}
{{- else if $planes -}}
{{- fail (printf "authorizer.%s.enabled needs mode authorizer or both" (first $planes)) -}}
{{- end -}}
{{- if not (include "rolegate.forwards" .) -}}
{{- if or .Values.ingress.enabled .Values.httpRoute.enabled -}}
{{- fail "mode authorizer forwards nothing, so no ingress and no httpRoute can lead to it" -}}
{{- end -}}
{{- end -}}
{{- range $key, $value := dict "listen" "set authorizer.http.enabled" "grpc" "set authorizer.grpc" "peers" "set authorizer.peers" "timeout" "set authorizer.timeoutSeconds" -}}
{{- if hasKey (dig "authorizer" (dict) ($.Values.config | default dict)) $key -}}
{{- fail (printf "config.authorizer.%s is written by the chart: %s" $key $value) -}}
{{- end -}}
{{- end -}}
{{- include "rolegate.refuseText" (list "config.authorizer.secret" (dig "authorizer" "secret" "" (.Values.config | default dict))) -}}
{{- end }}

{{- define "rolegate.refuseTls" -}}
{{- with .Values.tls -}}
{{- if and .secretName .certificate.enabled -}}
{{- fail "tls.secretName names a Secret and tls.certificate.enabled makes one: choose one of them" -}}
{{- end -}}
{{- if and .certificate.enabled (not (and .certificate.issuerRef .certificate.dnsNames)) -}}
{{- fail "tls.certificate.enabled needs tls.certificate.issuerRef and dnsNames" -}}
{{- end -}}
{{- if and (or .http2 .settings) (not (include "rolegate.tlsSecret" $)) -}}
{{- fail "tls.http2 and tls.settings have no effect without a certificate: set tls.secretName or tls.certificate.enabled" -}}
{{- end -}}
{{- if hasKey .settings "certificates" }}{{ fail "tls.settings.certificates is written by the chart: set tls.secretName" }}{{ end -}}
{{- end -}}
{{- if or .Values.existingConfig.configMap .Values.existingConfig.secret -}}
{{- if or .Values.proxyProtocol .Values.tls.http2 .Values.tls.settings -}}
{{- fail "proxyProtocol, tls.http2 and tls.settings have no effect with existingConfig: write them there, in server.listen" -}}
{{- end -}}
{{- else if and .Values.proxyProtocol (not (dig "server" "trustedProxies" list (.Values.config | default dict))) -}}
{{- fail "proxyProtocol needs config.server.trustedProxies: connections of others are closed" -}}
{{- end -}}
{{- if and .Values.authorizer.envoyGateway.backendTls.caConfigMap (not .Values.authorizer.grpc.tls) -}}
{{- fail "authorizer.envoyGateway.backendTls makes Envoy check over TLS: set authorizer.grpc.tls, too" -}}
{{- end -}}
{{- end }}

{{/* Probes of the node present no certificate. */}}
{{- define "rolegate.refuseCertificates" -}}
{{- if and (eq .Values.admin.bind "pod") (dig "server" "adminTls" "clientCertificates" "" (.Values.config | default dict)) -}}
{{- fail "config.server.adminTls.clientCertificates: probes of the node present no certificate, so pods would never be ready; tokens protect the admin port" -}}
{{- end -}}
{{- if dig "tls" "clientCertificates" "" (.Values.authApi.config | default dict) -}}
{{- fail "authApi.config.tls.clientCertificates: probes of the node present no certificate, so pods would never be ready" -}}
{{- end -}}
{{- range $old := list "cert" "key" "clientCa" -}}
{{- if hasKey ($.Values.authorizer.grpc.tls | default dict) $old -}}
{{- fail "authorizer.grpc.tls has the keys of the configuration: { certificates: [{ cert, key }], clientCertificates: { ca } }" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "rolegate.refusals" -}}
{{- include "rolegate.refuseCertificates" . -}}
{{- include "rolegate.refuseTls" . -}}
{{- include "rolegate.refuseAuthorizer" . -}}
{{- include "rolegate.refusePods" . -}}
{{- include "rolegate.refuseConfig" . -}}
{{- include "rolegate.refuseSecrets" . -}}
{{- include "rolegate.refuseAdmin" . -}}
{{- include "rolegate.refuseTracing" . -}}
{{- include "rolegate.refuseRedis" . -}}
{{- include "rolegate.refuseAuthApi" . -}}
{{- end }}
