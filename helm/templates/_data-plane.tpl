{{/* What data planes have to know of the configuration: as "rolegate proxy-config" says it. */}}

{{/* Names of headers that carry identities, as JSON. */}}
{{- define "rolegate.identityHeaders" -}}
{{- $config := .Values.config | default dict -}}
{{- $names := keys ($config.identityHeaders | default (dict "user-id" "" "groups" "")) | sortAlpha -}}
{{- $signed := dig "identityAssertion" "header" "x-rolegate-identity" $config -}}
{{- concat $names (list (lower $signed) "x-rolegate-stale" "x-request-id") | uniq | toJson -}}
{{- end }}

{{/* Names of headers that carry credentials, as JSON. */}}
{{- define "rolegate.credentialHeaders" -}}
{{- $credentials := (.Values.config | default dict).credentials | default dict -}}
{{- $names := list "authorization" -}}
{{- $pair := dict -}}
{{- if hasKey $credentials "keyPair" }}{{ $pair = $credentials.keyPair }}{{ end -}}
{{- if kindIs "map" $pair -}}
{{- $names = concat $names (list (lower ($pair.apiKeyHeader | default "api-key")) (lower ($pair.apiSecretHeader | default "api-secret"))) -}}
{{- end -}}
{{- with $credentials.apiKey }}{{ with .header }}{{ $names = append $names (lower .) }}{{ end }}{{ end -}}
{{- if $credentials.bearerCookie }}{{ $names = append $names "cookie" }}{{ end -}}
{{- $names | toJson -}}
{{- end }}

{{/* Names of headers that no service gets from a client, as JSON, the most harmful first; without patterns, which these objects do not know. */}}
{{- define "rolegate.removedHeaders" -}}
{{- $names := list -}}
{{- range include "rolegate.credentialHeaders" . | fromJsonArray -}}
{{- $canonical := regexReplaceAll "[^a-z0-9]" . "-" -}}
{{- if ne $canonical . }}{{ $names = append $names $canonical }}{{ end -}}
{{- end -}}
{{- range dig "server" "proxyHeaders" (list) (.Values.config | default dict) -}}
{{- if not (hasSuffix "*" .) }}{{ $names = append $names (lower .) }}{{ end -}}
{{- end -}}
{{- concat $names (.Files.Get "files/data-plane-headers.yaml" | fromYaml).removed | uniq | toJson -}}
{{- end }}

{{/* Names of headers that a decision may depend on, as JSON. */}}
{{- define "rolegate.readHeaders" -}}
{{- $config := .Values.config | default dict -}}
{{- $names := include "rolegate.credentialHeaders" . | fromJsonArray -}}
{{- if dig "credentials" "websocketProtocol" "" $config }}{{ $names = append $names "sec-websocket-protocol" }}{{ end -}}
{{- $names = concat $names (dig "conditions" "headers" (dict) $config | keys | sortAlpha) (.Files.Get "files/data-plane-headers.yaml" | fromYaml).read -}}
{{- $names | uniq | toJson -}}
{{- end }}

{{/* Header fields that Envoy accepts: those of the client, and those that it and the check add. */}}
{{- define "rolegate.headerFields" -}}
{{- $ofCheck := concat (include "rolegate.identityHeaders" . | fromJsonArray) (include "rolegate.credentialHeaders" . | fromJsonArray) | uniq -}}
{{ add (int (dig "server" "limits" "headers" 100 (.Values.config | default dict))) (len $ofCheck) 20 }}
{{- end }}

{{/* Data planes wait a little longer than Rolegate does, so that its refusal comes first. */}}
{{- define "rolegate.waitSeconds" -}}
{{ add (int .Values.authorizer.timeoutSeconds) 1 }}s
{{- end }}
