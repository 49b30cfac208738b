#include "parachute/order.h"

#include "parachute/run/words.h"

#include <stdlib.h>
#include <string.h>

#define DISKS_MAX ((size_t)100 * 1000) /* bytes; the kernel takes 128 KiB of one variable */
#define NUMBER_MAX 21

enum {
    EVENT,
    DISKS,
    NAMESPACE,
    DISK,
    MOUNT,
    USED,
    FREE,
    PERCENT,
    THRESHOLD,
    SEARCH_PATH,
    VARIABLES
};

struct variable {
    const char *name;
    const char *value;
    size_t len; /* of the value */
    char digits[NUMBER_MAX];
};

static void set(struct variable *variable, const char *name, const char *value)
{
    variable->name = name;
    variable->value = value;
    variable->len = strlen(value);
}

static void set_number(struct variable *variable, const char *name, bool known, uint64_t number)
{
    struct words words = words_begin(variable->digits, sizeof variable->digits);

    if (known)
        words_add_number(&words, number);
    set(variable, name, variable->digits);
}

/* As many whole names as fit. */
static size_t fitting(const char *disks)
{
    size_t len = strlen(disks);

    if (len <= DISKS_MAX)
        return len;
    len = DISKS_MAX;
    while (len > 0 && disks[len] != ' ')
        len--;
    return len;
}

static void list(struct variable variables[VARIABLES], enum plan_event event, const char *namespace,
                 const char *disks, const struct order_disk *disk)
{
    bool known = disk->name[0] || disk->mount;

    set(&variables[EVENT], "PARACHUTE_EVENT", event == PLAN_ACTIVATE ? "activate" : "release");
    set(&variables[DISKS], "PARACHUTE_DISKS", disks);
    variables[DISKS].len = fitting(disks);
    set(&variables[NAMESPACE], "PARACHUTE_NAMESPACE", namespace);
    set(&variables[DISK], "PARACHUTE_DISK", disk->name);
    set(&variables[MOUNT], "PARACHUTE_MOUNT", disk->mount ? disk->mount : "");
    set_number(&variables[USED], "PARACHUTE_USED", known, disk->used_bytes);
    set_number(&variables[FREE], "PARACHUTE_FREE", known, disk->free_bytes);
    set_number(&variables[PERCENT], "PARACHUTE_PERCENT", known, disk->used_percent);
    set_number(&variables[THRESHOLD], "PARACHUTE_THRESHOLD", known, disk->threshold_percent);
    set(&variables[SEARCH_PATH], "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
}

/* Where the next copy goes; pointers first, so that all are aligned. */
struct room {
    char **pointer;
    char *text;
};

static void copy(struct room *room, const char *value, size_t len)
{
    memcpy(room->text, value, len);
    room->text[len] = '\0';
    room->text += len + 1;
}

static void lay_out(struct order *order, char *const *argv, size_t argc,
                    const struct variable variables[VARIABLES])
{
    struct room room = {.pointer = (char **)(order + 1)};

    order->argv = room.pointer;
    order->envp = order->argv + argc + 1;
    room.text = (char *)(order->envp + VARIABLES + 1);
    for (size_t i = 0; i < argc; i++) {
        *room.pointer++ = room.text;
        copy(&room, argv[i], strlen(argv[i]));
    }
    *room.pointer++ = NULL;
    for (size_t i = 0; i < VARIABLES; i++) {
        *room.pointer++ = room.text;
        copy(&room, variables[i].name, strlen(variables[i].name));
        room.text[-1] = '=';
        copy(&room, variables[i].value, variables[i].len);
    }
    *room.pointer = NULL;
}

struct order *order_new(const struct order_command *command, enum plan_event event,
                        const char *namespace, const char *disks, const struct order_disk *disk)
{
    struct variable variables[VARIABLES];
    size_t argc = 0;
    size_t bytes = 0;

    list(variables, event, namespace, disks, disk);
    for (; command->argv[argc]; argc++)
        bytes += strlen(command->argv[argc]) + 1;
    for (size_t i = 0; i < VARIABLES; i++)
        bytes += strlen(variables[i].name) + 1 + variables[i].len + 1;

    struct order *order =
        malloc(sizeof *order + (argc + 1 + VARIABLES + 1) * sizeof(char *) + bytes);
    if (!order)
        return NULL;
    order->timeout_ms = command->timeout_ms;
    order->user = command->user;
    lay_out(order, command->argv, argc, variables);
    return order;
}
