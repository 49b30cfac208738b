/*
 * What libcurl is told for a connection of ours: to whom, with which TLS, and all that it must not
 * do by itself.
 *
 * Errors: -1 where memory is short or libcurl lacks what is asked. Threads: any.
 */
#ifndef EMITTER_CURL_SETUP_H
#define EMITTER_CURL_SETUP_H

#include <curl/curl.h>

struct connection_options;

/*
 * `whole_ms` is for all of it, the name and each address. libcurl copies what it is given.
 */
int curl_setup(CURL *easy, const struct connection_options *options, long whole_ms);

#endif
