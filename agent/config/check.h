/*
 * What the texts of a configuration may be.
 *
 * Each function says whether the whole text is good. Where it is not, it may write to `detail`
 * (CHECK_DETAIL_MAX bytes, an empty string before) what it does not like.
 *
 * Errors: none. Threads: any.
 */
#ifndef AGENT_CHECK_H
#define AGENT_CHECK_H

#include <stdbool.h>

#define CHECK_DETAIL_MAX 192

#define CHECK_TEXT_MAX 4095      /* bytes of any text */
#define CHECK_NAMESPACE_MAX 1023 /* bytes, dots included */

/* 1..CHECK_TEXT_MAX bytes of UTF-8, so that --check can print it as JSON. */
bool check_text(const char *text, char *detail);

/* The same without spaces and control characters. */
bool check_word(const char *text, char *detail);

/* As the kernel writes mount points: from "/", no part of it empty, "." or "..". */
bool check_path(const char *text, char *detail);

/* The same of a directory in which a unix socket can lie; at most CHECK_RUN_DIR_MAX bytes. */
#define CHECK_RUN_DIR_MAX 90
bool check_run_dir(const char *text, char *detail);

/* An argument of a command: as check_text, but it may be empty. */
bool check_argument(const char *text, char *detail);

/* The path of a regular file that can be read, and the same of one closed to others. */
bool check_file(const char *text, char *detail);
bool check_secret_file(const char *text, char *detail);

/* One node; one that can name a disk, beside the leaf `error`; nodes joined by dots. */
bool check_node(const char *text, char *detail);
bool check_name(const char *text, char *detail);
bool check_namespace(const char *text, char *detail);

/* An address to listen on, or "off"; HOST; HOST:PORT. */
bool check_listen(const char *text, char *detail);
bool check_host(const char *text, char *detail);
bool check_peer(const char *text, char *detail);

#endif
