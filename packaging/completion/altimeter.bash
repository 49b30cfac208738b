# bash completion for altimeter(8), for the package bash-completion.
#
# What can be told from /proc and from the marker files is; nothing asks a disk, since one may hang. So mount
# points are not completed as file names either: readline would look whether they are directories.

# The mount points of disks, one a line; those with control characters are left out.
_altimeter_mounts() {
    local flag type mount rest nodev=" squashfs iso9660 "
    while read -r flag type; do
        [[ $flag == nodev && $type != zfs && $type != btrfs ]] && nodev+="$type "
    done </proc/filesystems
    while read -r rest mount type rest; do
        printf -v mount %b "$mount"
        [[ $nodev == *" ${type%%.*} "* || $mount == *[[:cntrl:]]* ]] || printf '%s\n' "$mount"
    done </proc/self/mounts
} 2>/dev/null

# Of the texts in standard input those that go on from what is typed, as they have to be typed. $1 is put behind
# each; $2 is in front of what is typed, and no part of the text.
_altimeter_offer() {
    local text typed=${cur#"$2"}
    while IFS= read -r text; do
        printf -v text %q "$text"
        [[ $text == "$typed"* ]] && COMPREPLY+=("$2$text$1")
    done
}

# The observed disks by the names of their marker files; their mount points where a / is typed, or there are no markers.
_altimeter_disks() {
    local word run_dir=/run/altimeter file names=
    for word in "${!words[@]}"; do
        [[ ${words[word]} == --run-dir=?* ]] && run_dir=${words[word]#*=}
        [[ ${words[word]} == --run-dir && ${words[word + 1]-} == /* ]] && run_dir=${words[word + 1]}
    done
    for file in "$run_dir"/parachute/parachute-activated-*; do
        [[ $file == *'*' ]] || names+=${file##*/parachute-activated-}$'\n'
    done
    if [[ $cur == /* || ! $names ]]; then
        _altimeter_offer "" "" < <(_altimeter_mounts)
    else
        _altimeter_offer "" "" <<<"${names%$'\n'}"
    fi
}

_altimeter_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# The address of a door; $1 is the one by default.
_altimeter_address() {
    if [[ $cur == unix:/* ]]; then
        _altimeter_offer "" unix: < <(compgen -f -- "${cur#unix:}")
    else
        _altimeter_words "off $1 ${1/127.0.0.1/[::1]} ${1/127.0.0.1/0.0.0.0} unix:/"
    fi
    [[ ${COMPREPLY[0]-} == unix:* ]] && compopt -o nospace
}

# The value of the option $1; fails where that has none.
_altimeter_value() {
    case $1 in
        -c | --config) _filedir ;;
        --state-dir | --run-dir) _filedir -d ;;
        -i | --interval) _altimeter_words "1 10 60" ;;
        --history) _altimeter_words "10m 1h 1d" ;;
        --http) _altimeter_address 127.0.0.1:7070 ;;
        --lines) _altimeter_address 127.0.0.1:7071 ;;
        --threshold)
            if [[ $cur == *=* ]]; then
                _altimeter_offer "" "${cur%=*}=" <<<$'0\n70\n80\n90'
            else
                _altimeter_offer "=" "" < <(_altimeter_mounts)
                compopt -o nospace
            fi
            ;;
        -n | --namespace | -g | --graphite) ;; # nobody can know
        *) return 1 ;;
    esac
    return 0
}

_altimeter_parachute() {
    local i verb= disk=
    for ((i = 2; i < cword; i++)); do
        case ${words[i]} in
            -c | --config | --run-dir) ((i++)) ;;
            -*) ;;
            *) if [[ $verb ]]; then disk=${words[i]}; else verb=${words[i]}; fi ;;
        esac
    done
    if [[ $cur == -* ]]; then
        local own=
        case $verb in
            status) own=--json ;;
            reset) own=--force ;;
            test) own=--run ;;
        esac
        _altimeter_words "$own --run-dir -c --config -h --help"
    elif [[ ! $verb ]]; then
        _altimeter_words "status reset test"
    elif [[ ($verb == reset || $verb == test) && ! $disk ]]; then
        _altimeter_disks
    fi
}

# Bash has the word that is replaced begin behind the last of its own breaks in it.
_altimeter_trim() {
    local i front=
    [[ $COMP_WORDBREAKS == *=* && $cur == *=* ]] && front=${cur%"${cur##*=}"}
    [[ $COMP_WORDBREAKS == *:* && ${cur#"$front"} == *:* ]] && front=${cur%"${cur##*:}"}
    for i in "${!COMPREPLY[@]}"; do
        COMPREPLY[i]=${COMPREPLY[i]#"$front"}
    done
}

_altimeter() {
    local cur prev words cword whole
    COMPREPLY=()
    _get_comp_words_by_ref -n =: cur prev words cword || return
    whole=$cur
    if [[ $cur == --*=* ]]; then
        prev=${cur%%=*} cur=${cur#*=}
    fi
    if _altimeter_value "$prev"; then
        :
    elif [[ $whole != "$cur" ]]; then
        return
    elif [[ ${words[1]} == parachute ]] && ((cword > 1)); then
        _altimeter_parachute
    elif [[ $cur == -* ]]; then
        _altimeter_words "-c --config -n --namespace -i --interval -g --graphite --http --lines --threshold --history
            --state-dir --run-dir --once -t --check -q --quiet -v --verbose -V --version -h --help"
    elif ((cword == 1)); then
        _altimeter_words parachute
    fi
    _altimeter_trim
} && complete -F _altimeter altimeter
