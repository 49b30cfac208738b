#include "emitter/push/curl_used.h"

#include "emitter/push/curl_library.h"

#include <curl/curl.h>
#include <stddef.h>

static const curl_version_info_data *used(void)
{
    const char *why = NULL;

    return curl_library_load(&why) == 0 ? curl_version_info(CURLVERSION_NOW) : NULL;
}

const char *curl_used_version(void)
{
    return used() ? used()->version : NULL;
}

const char *curl_used_tls(void)
{
    return used() ? used()->ssl_version : NULL;
}
