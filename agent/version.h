/*
 * What `altimeter --version` says: its own version, those of the libraries, and how it was built.
 *
 * The Makefile hands in VERSION, BUILD_CFLAGS and BUILD_LDFLAGS.
 */
#ifndef AGENT_VERSION_H
#define AGENT_VERSION_H

#include <stdio.h>

/* The first line is "altimeter VERSION". -1 where it cannot be written. */
int version_print(FILE *out);

#endif
