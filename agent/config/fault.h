/*
 * How a user is told what is wrong with the input: one line on stderr, whatever the input held.
 * Every byte that is not printable ASCII comes out as \xNN, so that neither a newline nor a
 * terminal's escape sequence nor a line separator of Unicode gets through. At most 8 KiB.
 *
 * Errors: a line that cannot be written is lost. Threads: the loop's thread only.
 */
#ifndef AGENT_FAULT_H
#define AGENT_FAULT_H

#include <stddef.h>

/*
 * From now on such a line goes to `take` instead, without its newline; borrowed during the call.
 * NULL: to stderr, as at first.
 */
void fault_to(void (*take)(void *arg, const char *line), void *arg);

/* Gives -1, for the caller to return. */
int fault_write(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How a value is shown in such a line: its first bytes, and "..." where there are more. */
#define FAULT_SHOWN_MAX 64
const char *fault_show(char shown[FAULT_SHOWN_MAX], const char *bytes, size_t len);

#endif
