#include "agent/config/config.h"
#include "agent/config/config_list.h"
#include "agent/config/fault.h"
#include "agent/config/file.h"
#include "agent/config/locate.h"
#include "agent/config/source.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES ((size_t)1024 * 1024)

struct reader {
    struct config *config;
    struct source source;
};

/* A value while it is read: in the tree, and in the text, which knows the place. */
struct node {
    json_t *json;
    const char *at;
};

static int read_scalar(const struct reader *reader, enum schema_id id, void *base, struct node node)
{
    char shown[FAULT_SHOWN_MAX];
    char reason[SCHEMA_REASON_MAX];
    struct schema_value value = {.type = SCHEMA_OTHER, .found = source_show(node.at, shown)};

    if (json_is_string(node.json)) {
        value.type = SCHEMA_TEXT;
        value.text = json_string_value(node.json);
    } else if (json_is_number(node.json)) {
        value.type = SCHEMA_NUMBER;
        value.number = json_number_value(node.json);
    } else if (json_is_boolean(node.json)) {
        value.type = SCHEMA_FLAG;
        value.flag = json_is_true(node.json);
    }
    if (schema_set(id, base, &value, reason) < 0)
        return source_refuse(&reader->source, node.at, reason);
    return 0;
}

static int find_missing(const struct reader *reader, enum schema_id parent, struct node node)
{
    for (enum schema_id id = 0; id < SCHEMA_COUNT; id++) {
        const struct schema_row *row = schema_row(id);
        const char *beside = row->beside == SCHEMA_ROOT ? NULL : schema_row(row->beside)->name;
        bool needed = row->required || (beside && json_object_get(node.json, beside));
        char reason[SCHEMA_REASON_MAX];

        if (row->parent != parent || !needed || json_object_get(node.json, row->name))
            continue;
        snprintf(reason, sizeof reason, "must have the key %s%s%s: %s", row->name,
                 beside ? " beside " : "", beside ? beside : "", row->accepted);
        return source_refuse(&reader->source, node.at, reason);
    }
    return 0;
}

static int read_value(const struct reader *reader, enum schema_id id, void *base, struct node node);

/* jansson keeps members in the order of the text, and refused a doubled key: both go in step. */
static int read_object(const struct reader *reader, enum schema_id parent, void *base,
                       struct node node)
{
    const char *member = locate_first(node.at);
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach (node.json, name, value) {
        enum schema_id id = schema_find(parent, name);

        if (id == SCHEMA_COUNT)
            return source_refuse_members(&reader->source, parent, "one of", member);
        const struct node child = {value, locate_value(member)};
        if (base == reader->config) {
            struct locate_spot spot = locate_spot(reader->source.text, child.at);
            reader->config->places[id] = (struct config_place){NULL, spot.line, spot.column};
        }
        if (read_value(reader, id, base, child) < 0)
            return -1;
        member = locate_next(member);
    }
    return find_missing(reader, parent, node);
}

/* Puts an entry into its list where its values are all `read`, and cleans it in any case. */
static int take(const struct reader *reader, enum schema_id list, struct config_entry *entry,
                int read, const char *at)
{
    char reason[SCHEMA_REASON_MAX];

    if (read == 0 && config_list_add(reader->config, list, entry, reason) < 0)
        read = source_refuse(&reader->source, at, reason);
    config_entry_clean(entry);
    return read;
}

/* The row of a list's element; SCHEMA_COUNT: it is an object. */
static enum schema_id element_row(enum schema_id list, size_t index)
{
    switch (list) {
    case SCHEMA_EXTRA_TYPES:
        return SCHEMA_EXTRA_TYPE;
    case SCHEMA_EXCLUDE_MOUNTS:
        return SCHEMA_EXCLUDE_MOUNT;
    case SCHEMA_ACTIVATE_COMMAND:
    case SCHEMA_RELEASE_COMMAND:
        return index == 0 ? SCHEMA_PROGRAM : SCHEMA_ARGUMENT;
    default:
        return SCHEMA_COUNT;
    }
}

static int read_element(const struct reader *reader, enum schema_id list, size_t index,
                        struct node node)
{
    struct config_entry entry = config_entry_make();
    enum schema_id row = element_row(list, index);
    int read = -1;

    if (row != SCHEMA_COUNT)
        read = read_scalar(reader, row, &entry, node);
    else if (json_is_object(node.json))
        read = read_object(reader, list, &entry, node);
    else
        source_refuse_members(&reader->source, list, "an object with", node.at);
    return take(reader, list, &entry, read, node.at);
}

static int read_list(const struct reader *reader, enum schema_id list, struct node node)
{
    const char *member = locate_first(node.at);
    size_t index = 0;
    json_t *value = NULL;

    config_list_clear(reader->config, list);
    json_array_foreach (node.json, index, value) {
        if (read_element(reader, list, index, (struct node){value, member}) < 0)
            return -1;
        member = locate_next(member);
    }
    return 0;
}

static int read_names(const struct reader *reader, struct node node)
{
    const char *member = locate_first(node.at);
    const char *mount = NULL;
    json_t *value = NULL;

    config_list_clear(reader->config, SCHEMA_NAMES);
    json_object_foreach (node.json, mount, value) {
        struct config_entry entry = {0};
        char shown[FAULT_SHOWN_MAX];
        char reason[SCHEMA_REASON_MAX];
        const struct schema_value key = {
            .type = SCHEMA_TEXT, .text = mount, .found = source_show(member, shown)};
        int read = -1;

        if (schema_set(SCHEMA_NAMED_MOUNT, &entry, &key, reason) < 0)
            source_refuse(&reader->source, member, reason);
        else
            read = read_scalar(reader, SCHEMA_NAME, &entry,
                               (struct node){value, locate_value(member)});
        if (take(reader, SCHEMA_NAMES, &entry, read, member) < 0)
            return -1;
        member = locate_next(member);
    }
    return 0;
}

static int read_value(const struct reader *reader, enum schema_id id, void *base, struct node node)
{
    const struct schema_row *row = schema_row(id);
    enum schema_kind kind = row->kind;

    if (json_is_object(node.json) && kind == SCHEMA_IS_SWITCH) {
        *(bool *)((char *)base + row->at) = true;
        return read_object(reader, id, base, node);
    }
    if (json_is_object(node.json) && (kind == SCHEMA_IS_OBJECT || id == SCHEMA_NAMESPACE))
        return read_object(reader, id, base, node);
    if (json_is_object(node.json) && kind == SCHEMA_IS_MAP)
        return read_names(reader, node);
    if (json_is_array(node.json) && kind == SCHEMA_IS_LIST)
        return read_list(reader, id, node);
    return read_scalar(reader, id, base, node);
}

/* The parser's position is the end of what it does not like. */
static int refuse_text(const struct source *source, const json_error_t *error, size_t len)
{
    size_t read = error->position > 0 ? (size_t)error->position : 1;
    const char *last = source->text + (read < len ? read : len) - (len > 0);
    const char *start = locate_start(source->text, last);
    struct locate_spot spot = locate_spot(source->text, last);

    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        return source_refuse(source, start, "must be given only once");
    case json_error_numeric_overflow:
        return source_refuse(source, start, "must be a smaller number");
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return source_refuse(source, start, "must be without \\u0000");
    default:
        return fault_write("%s:%u:%u: must be JSON: %s", source->file, spot.line, spot.column,
                           error->text);
    }
}

int config_load(struct config *config, const char *path)
{
    const struct file_rule rule = {.max_bytes = FILE_MAX_BYTES, .seen = &config->file_seen};
    const char *why = NULL;
    size_t len = 0;
    json_error_t error = {0};
    char *text = file_read(path, &rule, &len, &why);

    if (!text)
        return fault_write("%s: must be a readable file of at most 1 MiB (%s)", path, why);
    free(config->file);
    config->file = strdup(path);
    const struct reader reader = {.config = config, .source = {.file = path, .text = text}};
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
    int loaded = -1;
    if (!config->file || (!json && error.text[0] == '\0'))
        fault_write("altimeter: there is not enough memory");
    else if (!json)
        refuse_text(&reader.source, &error, len);
    else
        loaded = read_value(&reader, SCHEMA_ROOT, config, (struct node){json, locate_root(text)});
    json_decref(json);
    free(text);
    return loaded;
}
