/*
 * libcurl, loaded when a process begins its first attempt to connect: it brings some thirty
 * libraries, and an agent without a target that has TLS, or a command that only prints something,
 * is spared them. curl_loaded.c defines its functions and passes the calls on, so all else calls
 * them as ever. With `make LIBCURL=linked` curl_linked.c takes its place, and libcurl is linked,
 * for instance statically.
 *
 * Errors: -1. Threads: the loop's thread only. Lifetimes: it stays loaded.
 */
#ifndef EMITTER_CURL_LIBRARY_H
#define EMITTER_CURL_LIBRARY_H

/* Before anything of libcurl's is called. -1: it is not there, or not as expected; `*why` says it
 * in words, which are borrowed until the next call. */
int curl_library_load(const char **why);

#endif
