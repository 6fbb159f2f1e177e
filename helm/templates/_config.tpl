{{/* The configuration files, as values make them. */}}

{{/* Settings of Redis, for the gateway and the Auth API alike: [context, folder of secrets]. */}}
{{- define "rolegate.redisSettings" -}}
{{- $root := index . 0 -}}
{{- $redis := $root.Values.redis -}}
{{- $settings := deepCopy ($redis.settings | default dict) -}}
{{- if $redis.bundled.enabled -}}
{{- $_ := set $settings "url" (printf "redis://%s-redis:6379" (include "rolegate.name" $root)) -}}
{{- end -}}
{{- if $redis.passwordKey -}}
{{- $_ := set $settings "password" (dict "file" (printf "%s/%s" (index . 1) $redis.passwordKey)) -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end }}

{{/* Of the admin port. A configuration that the chart does not write is not known here. */}}
{{- define "rolegate.adminScheme" -}}
{{- if or .Values.existingConfig.configMap .Values.existingConfig.secret -}}
{{- .Values.admin.scheme -}}
{{- else -}}
{{- ternary "https" "http" (not (empty (dig "server" "adminTls" dict (.Values.config | default dict)))) -}}
{{- end -}}
{{- end }}

{{/* File of its first certificate, for probes within the pod. */}}
{{- define "rolegate.adminCertificate" -}}
{{- $all := dig "server" "adminTls" "certificates" list (.Values.config | default dict) -}}
{{- if $all }}{{ (first $all).cert }}{{ end -}}
{{- end }}

{{/* Of the Auth API. */}}
{{- define "rolegate.authApiScheme" -}}
{{- ternary "https" "http" (not (empty (.Values.authApi.config | default dict).tls)) -}}
{{- end }}

{{/* Where clients connect, as { listen: ... }: an address, one with settings, or false. */}}
{{- define "rolegate.listen" -}}
{{- $own := dict "address" ":8080" -}}
{{- with include "rolegate.tlsSecret" . -}}
{{- $pair := dict "cert" (printf "/run/tls/%s/tls.crt" .) "key" (printf "/run/tls/%s/tls.key" .) -}}
{{- $_ := set $own "tls" (merge (dict "certificates" (list $pair)) $.Values.tls.settings) -}}
{{- if $.Values.tls.http2 }}{{ $_ := set $own "http2" true }}{{ end -}}
{{- end -}}
{{- if .Values.proxyProtocol }}{{ $_ := set $own "proxyProtocol" true }}{{ end -}}
{{- if not (include "rolegate.forwards" .) -}}
listen: false
{{- else if eq (len $own) 1 -}}
listen: ":8080"
{{- else -}}
{{- toYaml (dict "listen" (list $own)) -}}
{{- end -}}
{{- end }}

{{/* gateway.yaml: "config" with what the chart decides. */}}
{{- define "rolegate.config" -}}
{{- $secrets := "/run/secrets/rolegate" -}}
{{- $config := deepCopy (.Values.config | default dict) -}}
{{- if not $config.version }}{{ $_ := set $config "version" 1 }}{{ end -}}
{{- $server := $config.server | default dict -}}
{{- $_ := set $server "listen" (include "rolegate.listen" . | fromYaml).listen -}}
{{- $_ := set $server "admin" (ternary ":9090" "127.0.0.1:9090" (eq .Values.admin.bind "pod")) -}}
{{- if .Values.admin.tokenKey -}}
{{- $_ := set $server "adminToken" (dict "file" (printf "%s/%s" $secrets .Values.admin.tokenKey)) -}}
{{- end -}}
{{- with .Values.admin.tokens -}}
{{- $tokens := dict -}}
{{- range $name, $token := . -}}
{{- $_ := set $tokens $name (dict "token" (dict "file" (printf "%s/%s" $secrets $token.key)) "scope" $token.scope) -}}
{{- end -}}
{{- $_ := set $server "adminTokens" $tokens -}}
{{- end -}}
{{- $_ := set $server "drainDelay" (printf "%ds" (int .Values.drainDelaySeconds)) -}}
{{- $_ := set $server "drainTimeout" (printf "%ds" (int .Values.drainSeconds)) -}}
{{- $_ := set $config "server" $server -}}
{{- if .Values.authApi.enabled -}}
{{- $authApi := $config.authApi | default dict -}}
{{- $_ := set $authApi "url" (printf "%s://%s-auth-api:8081" (include "rolegate.authApiScheme" .) (include "rolegate.name" .)) -}}
{{- $_ := set $authApi "gatewaySecret" (dict "file" (printf "%s/%s" $secrets (include "rolegate.gatewaySecretKey" .))) -}}
{{- $_ := set $config "authApi" $authApi -}}
{{- end -}}
{{- with .Values.tracing.endpoint -}}
{{- $_ := set $config "tracing" (merge (dict "endpoint" .) ($config.tracing | default dict)) -}}
{{- end -}}
{{- if include "rolegate.authorizes" . -}}
{{- $_ := set $config "authorizer" (include "rolegate.authorizerConfig" . | fromYaml) -}}
{{- end -}}
{{- if .Values.redis.enabled -}}
{{- $cache := $config.cache | default dict -}}
{{- if not $cache.secret -}}
{{- $_ := set $cache "secret" (dict "file" (printf "%s/%s" $secrets .Values.redis.cacheSecretKey)) -}}
{{- end -}}
{{- $_ := set $cache "redis" (include "rolegate.redisSettings" (list . $secrets) | fromYaml) -}}
{{- $_ := set $config "cache" $cache -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}

{{/* The section "authorizer": what "config" says of it with what the chart decides. */}}
{{- define "rolegate.authorizerConfig" -}}
{{- $section := deepCopy ((.Values.config).authorizer | default dict) -}}
{{- with .Values.authorizer -}}
{{- $_ := set $section "peers" .peers -}}
{{- $_ := set $section "timeout" (printf "%ds" (int .timeoutSeconds)) -}}
{{- if .http.enabled -}}
{{- $_ := set $section "listen" ":8070" -}}
{{- if not $section.dialects }}{{ $_ := set $section "dialects" (dict "envoy" "/envoy" "gateway-api" "/gateway-api") }}{{ end -}}
{{- end -}}
{{- if .grpc.enabled -}}
{{- $grpc := dict "listen" ":8071" "maxConnectionAge" .grpc.maxConnectionAge -}}
{{- with .grpc.tls }}{{ $_ := set $grpc "tls" . }}{{ end -}}
{{- $_ := set $section "grpc" $grpc -}}
{{- end -}}
{{- end -}}
{{- toYaml $section -}}
{{- end }}

{{/* The keys that a running gateway does not take from a changed file. */}}
{{- define "rolegate.restartKeys" -}}
{{- $config := include "rolegate.config" . | fromYaml -}}
{{- $embedded := ($config.authApi | default dict).embedded -}}
{{- toYaml (dict "server" (set (pick $config.server "listen" "admin" "limits" "workers") "adminTls" (not (empty $config.server.adminTls))) "log" $config.log "authorizer" (pick ($config.authorizer | default dict) "listen" "grpc") "embedded" $embedded) -}}
{{- end }}

{{/* auth-api.yaml: "authApi.config" with what the chart decides. */}}
{{- define "rolegate.authApiConfig" -}}
{{- $secrets := "/run/secrets/rolegate-auth-api" -}}
{{- $config := deepCopy (.Values.authApi.config | default dict) -}}
{{- $_ := set $config "listen" ":8081" -}}
{{- with .Values.authApi -}}
{{- if eq .database.kind "sqlite" -}}
{{- $_ := set $config "database" "file:/var/lib/rolegate/auth.db" -}}
{{- else -}}
{{- $_ := set $config "database" (dict "file" (printf "%s/%s" $secrets .database.urlKey)) -}}
{{- end -}}
{{- $_ := set $config "secret" (dict "file" (printf "%s/%s" $secrets .secrets.secretKey)) -}}
{{- if .serviceMonitor.enabled }}{{ $_ := set $config "metrics" ":9091" }}{{ end -}}
{{- end -}}
{{- $_ := set $config "gatewaySecret" (dict "file" (printf "%s/%s" $secrets (include "rolegate.gatewaySecretKey" .))) -}}
{{- if .Values.redis.enabled -}}
{{- $_ := set $config "redis" (include "rolegate.redisSettings" (list . $secrets) | fromYaml) -}}
{{- end -}}
{{- with .Values.tracing.endpoint -}}
{{- $_ := set $config "tracing" (merge (dict "endpoint" .) ($config.tracing | default dict)) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}
