#include "emitter/push/curl_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *curl_text_timeout(CURL *easy)
{
    curl_off_t resolved_us = 0;
    long local_port = 0;

    curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved_us);
    curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &local_port); /* known once TCP is connected */
    if (resolved_us == 0)
        return "the name server does not answer in time";
    return local_port == 0 ? "no answer in time" : "the TLS handshake is not answered in time";
}

void curl_text_clean(char *text)
{
    char *end = text;

    for (char *c = text; *c; c++) {
        if (*c < ' ' || *c > '~')
            *c = ' ';
        if (*c != ' ')
            end = c + 1;
    }
    *end = '\0';
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

void curl_text_failure(char text[CURL_TEXT_SIZE], CURL *easy, CURLcode result, bool tls,
                       char *tells)
{
    long error = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    curl_text_clean(tells);
    if (result == CURLE_OPERATION_TIMEDOUT ||
        (result == CURLE_COULDNT_CONNECT && error == ETIMEDOUT))
        snprintf(text, CURL_TEXT_SIZE, "%s", curl_text_timeout(easy));
    else if (result == CURLE_COULDNT_RESOLVE_HOST)
        snprintf(text, CURL_TEXT_SIZE, "could not resolve the host name");
    else if (result == CURLE_COULDNT_CONNECT && error != 0)
        snprintf(text, CURL_TEXT_SIZE, "%s", strerror((int)error));
    else if (result == CURLE_SSL_CONNECT_ERROR && strstr(tells, "SSL_ERROR_SYSCALL"))
        snprintf(text, CURL_TEXT_SIZE, "closed by the peer in the TLS handshake");
    else
        snprintf(text, CURL_TEXT_SIZE, "%s%s", tls ? "no TLS: " : "",
                 tells[0] ? tells : curl_easy_strerror(result));
    text[0] = lower(text[0]);
}
