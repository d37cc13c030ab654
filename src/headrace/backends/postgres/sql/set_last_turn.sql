UPDATE SCHEMA.layouts SET turns = $2::bigint WHERE queue = $1
