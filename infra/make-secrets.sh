#!/bin/sh
# Makes every secret of compose.yaml once, in ./secrets. What is there stays. Nothing is printed.
set -eu
folder="${1:-secrets}"
mkdir -p "$folder"
chmod 700 "$folder"

random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# Files are readable by the containers' users; the folder above them is closed to everybody else on this machine.
put() {
  if [ ! -e "$folder/$1" ]; then
    (umask 077 && printf '%s' "$2" > "$folder/$1.new")
    chmod 444 "$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
  fi
}
get() { cat "$folder/$1"; }

put postgres_password "$(random 24)"
put store_password "$(random 24)"
put mongodb_password "$(random 24)"
put mongodb_key "$(random 256)"
put rates_password "$(random 24)"
put route_secret "$(random 24)"
put grafana_password "$(random 16)"
put sandtable_secret_key "$(random 32)"
put sandtable_admin_token "$(random 24)"
put sandtable_postgres_url "postgresql://postgres:$(get postgres_password)@postgres:5432/postgres"
put sandtable_store_url "postgresql://sandtable:$(get store_password)@store:5432/sandtable"
put sandtable_mongodb_url "mongodb://sandtable:$(get mongodb_password)@mongodb:27017/?replicaSet=sandtable&authSource=admin"
put sandtable_rates_url "redis://:$(get rates_password)@rates:6379/0"
