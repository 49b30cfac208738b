#include "agent/options.h"

#include "agent/config/config_list.h"
#include "agent/config/fault.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* Options without a letter. */
enum {
    OPTION_HTTP = 256,
    OPTION_LINES,
    OPTION_THRESHOLD,
    OPTION_HISTORY,
    OPTION_STATE_DIR,
    OPTION_RUN_DIR,
    OPTION_ONCE
};

#define DIGITS_MAX 9

static const char letters[] = ":c:n:i:g:tqvVh";
static const struct option names[] = {{"config", required_argument, NULL, 'c'},
                                      {"namespace", required_argument, NULL, 'n'},
                                      {"interval", required_argument, NULL, 'i'},
                                      {"graphite", required_argument, NULL, 'g'},
                                      {"http", required_argument, NULL, OPTION_HTTP},
                                      {"lines", required_argument, NULL, OPTION_LINES},
                                      {"threshold", required_argument, NULL, OPTION_THRESHOLD},
                                      {"history", required_argument, NULL, OPTION_HISTORY},
                                      {"state-dir", required_argument, NULL, OPTION_STATE_DIR},
                                      {"run-dir", required_argument, NULL, OPTION_RUN_DIR},
                                      {"once", no_argument, NULL, OPTION_ONCE},
                                      {"check", no_argument, NULL, 't'},
                                      {"quiet", no_argument, NULL, 'q'},
                                      {"verbose", no_argument, NULL, 'v'},
                                      {"version", no_argument, NULL, 'V'},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

static const char *name_of(int option)
{
    const struct option *row = names;

    while (row->name && row->val != option)
        row++;
    return row->name;
}

static int refuse(const char *name, const char *reason)
{
    return fault_write("altimeter: --%s: %s", name, reason);
}

static int refuse_usage(int result, char *const *argv)
{
    static const char hint[] = "altimeter --help lists the options";
    const char *name = name_of(optopt);

    if (name && result == ':')
        return fault_write("altimeter: --%s: must have a value; %s", name, hint);
    if (name)
        return fault_write("altimeter: --%s: must have no value; %s", name, hint);
    if (optopt != 0)
        return fault_write("altimeter: -%c: must be an option; %s", optopt, hint);
    return fault_write("altimeter: %s: must be an option; %s", argv[optind - 1], hint);
}

/* Goes through the command line for what decides how to go on, and for what is no option. */
static int scan(struct options *options, const char **file, int argc, char **argv)
{
    int option = 0;

    opterr = 0;
    optind = 0; /* glibc: from the start, as if never called before */
    while ((option = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        enum options_mode mode = OPTIONS_RUN;

        if (option == '?' || option == ':')
            return refuse_usage(option, argv);
        if (option == 'c')
            *file = optarg;
        else if (option == 'q' || option == 'v')
            options->log_level = option == 'q' ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG;
        else if (option == OPTION_ONCE)
            mode = OPTIONS_ONCE;
        else if (option == 't')
            mode = OPTIONS_CHECK;
        else if (option == 'V')
            mode = OPTIONS_VERSION;
        else if (option == 'h')
            mode = OPTIONS_HELP;
        if (mode > options->mode)
            options->mode = mode;
    }
    if (optind < argc)
        return fault_write("altimeter: %s: must be an option; altimeter --help lists the options",
                           argv[optind]);
    return 0;
}

/* Sets the key's value in `base` from a text. */
static int set_value(enum schema_id id, void *base, const char *text, char *reason)
{
    enum schema_kind kind = schema_row(id)->kind;
    size_t digits = strspn(text, "0123456789");
    char shown[FAULT_SHOWN_MAX];
    char found[FAULT_SHOWN_MAX + 2];
    struct schema_value value = {.type = SCHEMA_TEXT, .text = text, .found = found};

    snprintf(found, sizeof found, "\"%s\"", fault_show(shown, text, strlen(text)));
    if ((kind == SCHEMA_IS_WHOLE || kind == SCHEMA_IS_HISTORY) && digits > 0 &&
        digits <= DIGITS_MAX && text[digits] == '\0') {
        value.type = SCHEMA_NUMBER;
        value.number = strtod(text, NULL);
    }
    return schema_set(id, base, &value, reason);
}

static int set_key(struct config *config, enum schema_id id, const char *name, const char *text)
{
    char reason[SCHEMA_REASON_MAX];

    if (set_value(id, config, text, reason) < 0)
        return refuse(name, reason);
    config->places[id] = (struct config_place){.option = name};
    return 0;
}

static int add_target(struct config *config, const char *name, const char *text)
{
    struct config_place *place = &config->places[SCHEMA_GRAPHITE];
    struct config_entry entry = config_entry_make();
    char reason[SCHEMA_REASON_MAX];

    if (!place->option)
        config_list_clear(config, SCHEMA_GRAPHITE);
    *place = (struct config_place){.option = name};
    if (set_value(SCHEMA_PEER, &entry, text, reason) < 0 ||
        config_list_add(config, SCHEMA_GRAPHITE, &entry, reason) < 0)
        return refuse(name, reason);
    return 0;
}

static int add_threshold(struct config *config, const char *name, const char *text)
{
    const char *equals = strrchr(text, '=');
    struct config_entry entry = {.from_option = true};
    char reason[SCHEMA_REASON_MAX];

    if (!equals) {
        char shown[FAULT_SHOWN_MAX];
        return fault_write(
            "altimeter: --%s: must be MOUNT=PERCENT, e.g. /var/vcap/data=90, not \"%s\"", name,
            fault_show(shown, text, strlen(text)));
    }
    char *mount = strndup(text, (size_t)(equals - text));
    int added = -1;
    if (!mount)
        fault_write("altimeter: there is not enough memory");
    else if (set_value(SCHEMA_MOUNT, &entry, mount, reason) < 0 ||
             set_value(SCHEMA_THRESHOLD, &entry, equals + 1, reason) < 0 ||
             config_list_add(config, SCHEMA_DISKS, &entry, reason) < 0)
        refuse(name, reason);
    else
        added = 0;
    free(mount);
    config_entry_clean(&entry);
    return added;
}

static int apply(struct config *config, int option, const char *text)
{
    const char *name = name_of(option);

    switch (option) {
    case 'n':
        return set_key(config, SCHEMA_NAMESPACE, name, text);
    case 'i':
        return set_key(config, SCHEMA_INTERVAL, name, text);
    case 'g':
        return add_target(config, name, text);
    case OPTION_HTTP:
        return set_key(config, SCHEMA_HTTP_LISTEN, name, text);
    case OPTION_LINES:
        return set_key(config, SCHEMA_LINES_LISTEN, name, text);
    case OPTION_HISTORY:
        return set_key(config, SCHEMA_HISTORY, name, text);
    case OPTION_STATE_DIR:
        return set_key(config, SCHEMA_STATE_DIR, name, text);
    case OPTION_RUN_DIR:
        return set_key(config, SCHEMA_RUN_DIR, name, text);
    case OPTION_THRESHOLD:
        return add_threshold(config, name, text);
    default:
        return 0; /* scan has seen to it */
    }
}

int options_read(struct options *options, struct config *config, int argc, char **argv)
{
    const char *file = NULL;
    int option = 0;

    *options = (struct options){.mode = OPTIONS_RUN, .log_level = LOG_LEVEL_INFO};
    if (scan(options, &file, argc, argv) < 0)
        return -1;
    if (options->mode == OPTIONS_VERSION || options->mode == OPTIONS_HELP)
        return 0;
    if (config_defaults(config) < 0 || (file && config_load(config, file) < 0))
        return -1;
    optind = 0;
    while ((option = getopt_long(argc, argv, letters, names, NULL)) != -1)
        if (apply(config, option, optarg ? optarg : "") < 0)
            return -1;
    return config_finish(config);
}

void options_help(FILE *out)
{
    fputs("Usage: altimeter [OPTION]...\n"
          "Looks at this machine at every interval; lets the numbers out by HTTP, to\n"
          "Graphite, and as raw lines. Options win over the file; (defaults) in brackets.\n"
          "  -c, --config FILE             configuration as JSON (none)\n"
          "  -n, --namespace NODES         what every path starts with (the host name)\n"
          "  -i, --interval SECONDS        time between snapshots, 1..3600 (10)\n"
          "  -g, --graphite HOST:PORT      push to this server; may be repeated (none)\n"
          "      --http ADDR:PORT|off      serve HTTP, also on unix:PATH (127.0.0.1:7070)\n"
          "      --lines ADDR:PORT|off     raw lines, also on unix:PATH (127.0.0.1:7071)\n"
          "      --threshold MOUNT=PERCENT observe this disk; 0: do not; may be repeated\n"
          "                                (/var/vcap/data=80 and /var/vcap/store=80)\n"
          "      --history 1h|360          keep so long, or so many snapshots (1h)\n"
          "      --state-dir DIR           keep it in a file there, over restarts (none)\n"
          "      --run-dir DIR             marker files and the control socket (none)\n"
          "      --once                    print one snapshot and exit\n"
          "  -t, --check                   print the effective configuration and exit\n"
          "  -q, --quiet                   log warnings and errors only\n"
          "  -v, --verbose                 log more\n"
          "  -V, --version                 print the version and exit\n"
          "  -h, --help                    print this and exit\n"
          "SIGHUP has the file read again. man altimeter tells all, man altimeter.json what\n"
          "the file can say; altimeter parachute --help how to ask the running agent.\n",
          out);
}
