import type {
  Dashboard,
  FieldConfig,
  FieldConfigSource,
  Panel,
  RowPanel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Options as StatOptions } from '@grafana/grafana-foundation-sdk/stat';
import type {
  FieldConfig as Lines,
  Options as LinesOptions,
} from '@grafana/grafana-foundation-sdk/timeseries';

/** A dashboard as JSON, by Grafana's own types: what is left out has a default there. */
export type DashboardJson = Json<Omit<Dashboard, 'panels'>> & {
  panels: (PanelJson<'stat', StatOptions, never> | PanelJson<'timeseries', LinesOptions, Lines> | Row)[];
};

type Row = Json<Omit<RowPanel, 'type'>> & { type: 'row' };

type PanelJson<Type, Options, Custom> = Json<Omit<Panel, 'type' | 'options' | 'targets' | 'fieldConfig'>> & {
  type: Type;
  options: Json<Options>;
  targets: Json<Omit<Dataquery, '_implementsDataqueryVariant'>>[];
  fieldConfig: Json<Omit<FieldConfigSource, 'defaults'>> & {
    defaults: Json<Omit<FieldConfig, 'custom'>> & { custom?: Json<Custom> };
  };
};

/** Enums as their texts, and no field needed. */
type Json<T> = T extends string
  ? `${T}`
  : T extends readonly (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Key in keyof T]?: Json<T[Key]> }
      : T;
