/*
 * The command line. Options win over the configuration file: `-g` replaces its targets,
 * `--threshold` sets its mount's.
 *
 * Errors: one line on stderr that names the option and what is accepted, and -1. Threads: one.
 */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include "agent/config/config.h"
#include "base/log.h"

enum options_mode { OPTIONS_RUN, OPTIONS_ONCE, OPTIONS_CHECK, OPTIONS_VERSION, OPTIONS_HELP };

struct options {
    enum options_mode mode;
    enum log_level log_level;
};

/*
 * Reads the whole command line into an empty `config`: the defaults, over them the file that -c
 * names, wherever it stands, over that the other options, and then finishes it. Of several modes
 * the last in `enum options_mode` counts. With --help and --version `config` stays empty.
 */
int options_read(struct options *options, struct config *config, int argc, char **argv);

/* The help page; fits a screen. */
void options_help(FILE *out);

#endif
