#include "emitter/push/curl_setup.h"

#include "emitter/push/connect.h"

#include <stdio.h>
#include <string.h>

static int set_address(CURL *easy, const struct connection_options *options)
{
    const struct address_peer *peer = options->peer;
    const char *scheme = options->tls ? "https" : "http";
    const char *bracket[2] = {"", ""};
    char url[ADDRESS_HOST_MAX + 32];

    if (strchr(peer->host, ':')) {
        bracket[0] = "[";
        bracket[1] = "]";
    }
    snprintf(url, sizeof url, "%s://%s%s%s:%u/", scheme, bracket[0], peer->host, bracket[1],
             (unsigned)peer->port);
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, scheme) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L) == CURLE_OK
               ? 0
               : -1;
}

static int set_connect(CURL *easy, long whole_ms)
{
    /* QUICK_EXIT: closing does not wait for a resolver thread, which may hang for seconds. */
    return curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, whole_ms) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK
               ? 0
               : -1;
}

/* Beside a file of authorities libcurl would still trust the folder of the system's. */
static int set_authorities(CURL *easy, const char *ca)
{
    if (!ca)
        return 0;
    return curl_easy_setopt(easy, CURLOPT_CAINFO, ca) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK
               ? 0
               : -1;
}

/* An empty password, else OpenSSL asks the terminal for that of an encrypted key, and waits. */
static int set_tls(CURL *easy, const struct connection_options *options)
{
    return set_authorities(easy, options->tls_ca) == 0 &&
                   curl_easy_setopt(easy, CURLOPT_SSLCERT, options->tls_cert) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_SSLKEY, options->tls_key) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "") == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
                       CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK
               ? 0
               : -1;
}

int curl_setup(CURL *easy, const struct connection_options *options, long whole_ms)
{
    if (set_address(easy, options) < 0 || set_connect(easy, whole_ms) < 0)
        return -1;
    return options->tls ? set_tls(easy, options) : 0;
}
