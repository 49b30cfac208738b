/*
 * Why a connection could not be made, in words for the log and the status: one printable line that
 * begins in lower case.
 *
 * Errors: none; a text that is too long is cut. Threads: any.
 */
#ifndef EMITTER_CURL_TEXT_H
#define EMITTER_CURL_TEXT_H

#include <curl/curl.h>
#include <stdbool.h>

#define CURL_TEXT_SIZE (CURL_ERROR_SIZE + 16)

/* What was waited for when time was over; static. */
const char *curl_text_timeout(CURL *easy);

/* `tells` is libcurl's own text (CURLOPT_ERRORBUFFER), or empty; it is made printable. */
void curl_text_failure(char text[CURL_TEXT_SIZE], CURL *easy, CURLcode result, bool tls,
                       char *tells);

/* It may quote the peer's certificate: what is not printable ASCII becomes a blank, and none
 * are left at the end. */
void curl_text_clean(char *text);

#endif
