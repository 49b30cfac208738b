/*
 * Which jansson runs with us.
 *
 * Errors: none. Threads: any. Lifetimes: the text is static.
 */
#ifndef AGENT_JANSSON_USED_H
#define AGENT_JANSSON_USED_H

const char *jansson_used_version(void);

#endif
