# What the checks of the API document share: tools in fixed versions, servers on free ports, planted faults. To be
# sourced in the project's root. Everything lies in target/ci.

# node_tools NAME: what tests/clients/NAME/package-lock.json pins, in target/ci/NAME.
node_tools() {
    local folder=target/ci/$1
    mkdir -p "$folder"
    if ! cmp -s "tests/clients/$1/package-lock.json" "$folder/installed"; then
        cp "tests/clients/$1/package.json" "tests/clients/$1/package-lock.json" "$folder"
        (cd "$folder" && timeout 300 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
        cp "$folder/package-lock.json" "$folder/installed"
    fi
}

# python_tools NAME REQUIREMENTS: what a requirements file pins, in target/ci/NAME/venv.
python_tools() {
    local folder=target/ci/$1
    mkdir -p "$folder"
    if ! cmp -s "$2" "$folder/requirements.txt"; then
        rm -rf "$folder/venv"
        python3 -m venv "$folder/venv"
        timeout 300 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$2"
        cp "$2" "$folder/requirements.txt"
    fi
}

# debian COMMAND PACKAGE: installs Debian's package where the command is missing.
debian() {
    if ! command -v "$1" > /dev/null; then
        apt-get update -qq
        timeout 300 apt-get install -qq -y --no-install-recommends "$2" > /dev/null
    fi
}

# generate LANGUAGE DOCUMENT FOLDER OPTION…: a client, by openapi-generator, which takes `contentMediaType` for text, as the
# README says.
generate() {
    rm -rf "$3"
    mkdir -p "$3"
    sed 's|"contentMediaType": "audio/wav"|"format": "binary"|' "$2" > target/ci/for-generator.json
    timeout 600 target/ci/python/venv/bin/openapi-generator-cli generate --generator-name "$1" --output "$3" \
        --input-spec target/ci/for-generator.json "${@:4}" > target/ci/generator.txt 2>&1 ||
        { cat target/ci/generator.txt; return 1; }
}

servers=()
end_servers() {
    [ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2> /dev/null || true
}
trap end_servers EXIT

# start PATTERN COMMAND…: starts a server and waits for the address that it prints after PATTERN; it is in $address then.
start() {
    local pattern=$1 printed
    shift
    printed=$(mktemp)
    "$@" > "$printed" 2>&1 &
    servers+=($!)
    for _ in $(seq 300); do
        address=$(sed -nE "s|.*$pattern(http://)?([0-9.]+:[0-9]+).*|http://\\2|p" "$printed" | head -n 1)
        [ -z "$address" ] || break
        sleep 0.1
    done
    rm "$printed"
    if [ -z "$address" ]; then
        echo "no address printed: $*" >&2
        return 1
    fi
}

# A free port for each address.
export CUPI_GATEWAY__SERVER__BIND=127.0.0.1:0 CUPI_GATEWAY__ADMIN__BIND=127.0.0.1:0

# must_find FAULT PATTERN COMMAND…: the command must fail and say why.
must_find() {
    local fault=$1 pattern=$2 said
    shift 2
    if said=$("$@" 2>&1); then
        echo "planted, but not found: $fault" >&2
        return 1
    fi
    if ! grep -qE -- "$pattern" <<< "$said"; then
        printf 'planted, but something else was found: %s\n%s\n' "$fault" "$said" >&2
        return 1
    fi
    echo "found when planted: $fault"
}

# planted FAULT: the document with a fault of tests/clients/plant.py, in $copy.
planted() {
    mkdir -p target/ci/planted
    copy=target/ci/planted/$1.json
    python3 tests/clients/plant.py "$1" openapi/openapi.json "$copy"
}
