"""Rules and values of the api. Pure: no module here imports Postgres, Kafka or HTTP."""
