#include "collector/names.h"

#include "base/node.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct name {
    char *mount; /* NULL: kept from everybody */
    char node[NODE_MAX + 1];
    unsigned next_suffix; /* of those who would have liked this name too */
    bool given;           /* once, to whoever asked */
    bool chosen;          /* by the options, not by us */
    bool for_good;
    bool used; /* since the last trim */
};

struct names {
    struct name **list;
    size_t count;
    size_t capacity;
    void *by_mount; /* trees of tsearch(3) over the list */
    void *by_node;
};

static int compare_mounts(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->mount, ((const struct name *)b)->mount);
}

static int compare_nodes(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->node, ((const struct name *)b)->node);
}

static struct name *find(void *const *tree, const struct name *key,
                         int (*compare)(const void *, const void *))
{
    struct name **found = tfind(key, tree, compare);

    return found ? *found : NULL;
}

static struct name *find_mount(const struct names *names, const char *mount)
{
    const struct name key = {.mount = (char *)mount};

    return find(&names->by_mount, &key, compare_mounts);
}

static struct name *find_node(const struct names *names, const char *node)
{
    struct name key = {0};

    memcpy(key.node, node, strlen(node) + 1);
    return find(&names->by_node, &key, compare_nodes);
}

/* Takes it out of the trees and frees it. */
static void drop(struct names *names, struct name *name)
{
    if (name->mount)
        tdelete(name, &names->by_mount, compare_mounts);
    tdelete(name, &names->by_node, compare_nodes);
    free(name->mount);
    free(name);
}

void names_free(struct names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < names->count; i++)
        drop(names, names->list[i]);
    free(names->list);
    free(names);
}

static int make_room(struct names *names)
{
    if (names->count < names->capacity)
        return 0;
    size_t capacity = names->capacity ? names->capacity * 2 : 64;
    struct name **list = reallocarray(names->list, capacity, sizeof(struct name *));
    if (!list)
        return -1;
    names->list = list;
    names->capacity = capacity;
    return 0;
}

/* `mount` may be NULL. Neither it nor the node is in use yet. */
static struct name *add(struct names *names, const char *mount, const char *node)
{
    struct name *name = calloc(1, sizeof *name);

    if (!name || make_room(names) < 0)
        goto fail;
    memcpy(name->node, node, strlen(node) + 1);
    name->next_suffix = 2;
    if (mount) {
        name->mount = strdup(mount);
        if (!name->mount || !tsearch(name, &names->by_mount, compare_mounts))
            goto fail;
    }
    if (!tsearch(name, &names->by_node, compare_nodes)) {
        if (mount)
            tdelete(name, &names->by_mount, compare_mounts);
        goto fail;
    }
    names->list[names->count++] = name;
    return name;
fail:
    free(name ? name->mount : NULL);
    free(name);
    return NULL;
}

static struct name *add_special(struct names *names, const struct collector_name *special)
{
    struct name *name = find_mount(names, special->mount);

    if (!name && find_node(names, special->name))
        return find_node(names, special->name); /* somebody else's */
    if (!name)
        name = add(names, special->mount, special->name);
    if (name && strcmp(name->node, special->name) == 0)
        name->for_good = true;
    return name;
}

/* Of the names before: those that we made, that are with somebody, and that nobody has taken. What
 * the options chose ends with them. */
static bool keep(struct names *names, const struct names *before)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct name *old = before->list[i];

        if (!old->given || old->chosen || find_mount(names, old->mount) ||
            find_node(names, old->node))
            continue;
        struct name *name = add(names, old->mount, old->node);
        if (!name)
            return false;
        name->next_suffix = old->next_suffix;
        name->given = true;
    }
    return true;
}

/* `before` may be NULL. */
static struct names *make(const struct collector_name *options, size_t count,
                          const struct names *before)
{
    static const struct collector_name defaults[] = {
        {.mount = "/", .name = "system"},
        {.mount = "/var/vcap/data", .name = "ephemeral"},
        {.mount = "/var/vcap/store", .name = "persistent"},
    };
    struct names *names = calloc(1, sizeof *names);

    if (!names)
        return NULL;
    struct name *error = add(names, NULL, "error"); /* the group's own leaf */
    if (error)
        error->for_good = true;
    bool complete = error;
    for (size_t i = 0; i < count && complete; i++) {
        struct name *name = add_special(names, &options[i]);

        complete = name;
        if (name && strcmp(name->node, options[i].name) == 0)
            name->chosen = true;
    }
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults && complete; i++)
        complete = add_special(names, &defaults[i]);
    if (before && complete)
        complete = keep(names, before);
    if (complete)
        return names;
    names_free(names);
    return NULL;
}

struct names *names_new(const struct collector_name *options, size_t count)
{
    return make(options, count, NULL);
}

struct names *names_renew(const struct names *names, const struct collector_name *options,
                          size_t count)
{
    return make(options, count, names);
}

/* The name that the mount point would like, or the first free one with a number behind it. */
static void choose(struct names *names, const char *mount, char node[NODE_MAX + 1])
{
    const char *path = *mount == '/' ? mount + 1 : mount;
    char wished[NODE_MAX + 1];
    char text[NODE_MAX + 16];

    node_make(wished, path, strlen(path));
    memcpy(node, wished, sizeof wished);
    struct name *first = find_node(names, wished);
    while (find_node(names, node)) {
        int len = snprintf(text, sizeof text, "%s_%u", wished, first->next_suffix++);
        node_make(node, text, (size_t)len);
    }
}

static struct name *give(struct names *names, const char *mount)
{
    struct name *name = find_mount(names, mount);

    if (!name) {
        char node[NODE_MAX + 1];

        choose(names, mount, node);
        name = add(names, mount, node);
    }
    if (name)
        name->used = name->given = true;
    return name;
}

const char *names_give(struct names *names, const char *mount)
{
    const struct name *name = give(names, mount);

    return name ? name->node : NULL;
}

const char *names_give_for_good(struct names *names, const char *mount)
{
    struct name *name = give(names, mount);

    if (!name)
        return NULL;
    name->for_good = true;
    return name->node;
}

void names_trim(struct names *names)
{
    bool forget = names->count > NAMES_REMEMBERED;
    size_t kept = 0;

    for (size_t i = 0; i < names->count; i++) {
        struct name *name = names->list[i];

        if (forget && !name->used && !name->for_good) {
            drop(names, name);
            continue;
        }
        name->used = false;
        names->list[kept++] = name;
    }
    names->count = kept;
}
