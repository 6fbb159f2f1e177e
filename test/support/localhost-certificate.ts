/** A certificate and its key for test servers with TLS. */

/** For `localhost` only; made for tests and used nowhere else. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUYoqKmm3NgCbFzOyyY4noCnvYUpMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTAxMDkwMloYDzIxMjYxMTAx
MDEwOTAyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARZ33A/xIwlf/UShT9/McSAGW8IZU2pRSE58bKKX3ZMv6ODkrUWR3Sa
wfUflwLExvMihlR/z3W/46o2Ehi0Epudo2kwZzAdBgNVHQ4EFgQUO90FrXL74tQc
qru2RjJ0/S5f8S0wHwYDVR0jBBgwFoAUO90FrXL74tQcqru2RjJ0/S5f8S0wDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIhAMqx7RhKGDtiT6SnFzLSapSon9Hzmi0/wxtxAHYo7V1jAiBxdE8nlHlA
nA7w0nQBnRwm6REtAD8S9tvV3rD9eX2azg==
-----END CERTIFICATE-----`;
/** Of the certificate. */
export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvBZu9Ks6ox4qNjW5
Pd6RBByXf7ereSZMBtHtAZu6xp6hRANCAARZ33A/xIwlf/UShT9/McSAGW8IZU2p
RSE58bKKX3ZMv6ODkrUWR3SawfUflwLExvMihlR/z3W/46o2Ehi0Epud
-----END PRIVATE KEY-----`;
