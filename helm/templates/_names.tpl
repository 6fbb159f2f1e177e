{{/* Names and labels of objects. */}}

{{- define "rolegate.chartName" -}}
{{- .Values.nameOverride | default .Chart.Name -}}
{{- end }}

{{- define "rolegate.name" -}}
{{- $chart := include "rolegate.chartName" . -}}
{{- $both := ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name) -}}
{{- .Values.fullnameOverride | default $both | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{/* What selects pods: [context, component]. It never changes. */}}
{{- define "rolegate.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "rolegate.chartName" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of an object: [context, component]. */}}
{{- define "rolegate.labels" -}}
{{- $root := index . 0 -}}
{{ include "rolegate.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "rolegate.serviceAccount" -}}
{{- $made := ternary (include "rolegate.name" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $made -}}
{{- end }}

{{- define "rolegate.image" -}}
{{- $repository := include "rolegate.imageRepository" . -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" $repository .digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* A published chart knows where its image is. */}}
{{- define "rolegate.imageRepository" -}}
{{- $published := "" -}}
{{- with index .Chart.Annotations "artifacthub.io/images" -}}
{{- $published = (first (fromYamlArray .)).image | splitList ":" | first -}}
{{- end -}}
{{- .Values.image.repository | default $published -}}
{{- end }}

{{/* The Secret with the gateway's secrets; empty: none. */}}
{{- define "rolegate.secret" -}}
{{- if .Values.secrets.existingSecret -}}
{{- .Values.secrets.existingSecret -}}
{{- else if .Values.secrets.values -}}
{{- include "rolegate.name" . -}}
{{- end -}}
{{- end }}

{{/* The Secret with those of the Auth API; empty: none. */}}
{{- define "rolegate.authApiSecret" -}}
{{- with .Values.authApi.secrets -}}
{{- if .existingSecret -}}
{{- .existingSecret -}}
{{- else if .values -}}
{{- include "rolegate.name" $ -}}-auth-api
{{- end -}}
{{- end -}}
{{- end }}

{{/* Where gateways and the Auth API of the chart find the secret that they share: the Secret, and its key. */}}
{{- define "rolegate.gatewaySecret" -}}
{{- if .Values.authApi.gatewaySecretKey -}}
{{- include "rolegate.secret" . -}}
{{- else -}}
{{- include "rolegate.name" . -}}-gateway-secret
{{- end -}}
{{- end }}

{{- define "rolegate.gatewaySecretKey" -}}
{{- .Values.authApi.gatewaySecretKey | default "gateway-secret" -}}
{{- end }}

{{/* The same as a source of a projected volume. */}}
{{- define "rolegate.gatewaySecretSource" -}}
{{- $key := include "rolegate.gatewaySecretKey" . | quote -}}
secret: { name: {{ include "rolegate.gatewaySecret" . | quote }}, items: [{ key: {{ $key }}, path: {{ $key }} }] }
{{- end }}

{{/* The Secret with the certificate that clients see; empty: pods serve http. */}}
{{- define "rolegate.tlsSecret" -}}
{{- if .Values.tls.certificate.enabled -}}
{{- include "rolegate.name" . -}}-tls
{{- else -}}
{{- .Values.tls.secretName -}}
{{- end -}}
{{- end }}

{{/* Of the port for clients; also its name. */}}
{{- define "rolegate.scheme" -}}
{{- if include "rolegate.tlsSecret" . }}https{{ else }}http{{ end -}}
{{- end }}

{{/* Name of the volume of a Secret, which may be longer and have dots. */}}
{{- define "rolegate.tlsVolume" -}}
{{- printf "tls-%s" . | replace "." "-" | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* All Secrets that are folders of /run/tls, as JSON. */}}
{{- define "rolegate.tlsSecrets" -}}
{{- concat (compact (list (include "rolegate.tlsSecret" .))) .Values.tlsSecrets | uniq | toJson -}}
{{- end }}

{{/* "true" when more than one gateway may run at once. */}}
{{- define "rolegate.several" -}}
{{- with .Values -}}
{{- if or (eq .kind "DaemonSet") (and .autoscaling.enabled (gt (int .autoscaling.maxReplicas) 1)) (and (not .autoscaling.enabled) (gt (int .replicas) 1)) -}}
true
{{- end -}}
{{- end -}}
{{- end }}

{{/* "true" when pods take requests of clients. */}}
{{- define "rolegate.forwards" -}}
{{- if ne .Values.mode "authorizer" }}true{{ end -}}
{{- end }}

{{/* "true" when pods decide for other proxies. */}}
{{- define "rolegate.authorizes" -}}
{{- if ne .Values.mode "gateway" }}true{{ end -}}
{{- end }}
