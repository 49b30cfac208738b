/*
 * Which libcurl runs with us.
 *
 * Errors: none. Threads: any. Lifetimes: the texts are static.
 */
#ifndef EMITTER_CURL_USED_H
#define EMITTER_CURL_USED_H

/* NULL: there is none. */
const char *curl_used_version(void);

/* The library that it has its TLS from, with its version; NULL: there is none. */
const char *curl_used_tls(void);

#endif
