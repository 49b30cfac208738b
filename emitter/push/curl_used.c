#include "emitter/push/curl_used.h"

#include <curl/curl.h>

const char *curl_used_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

const char *curl_used_tls(void)
{
    return curl_version_info(CURLVERSION_NOW)->ssl_version;
}
